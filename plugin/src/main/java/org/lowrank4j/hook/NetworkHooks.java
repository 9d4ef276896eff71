package org.lowrank4j.hook;

import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.optimize.api.ConvexOptimizer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.Networks;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.Training;

/** Where networks come into being and where DL4J asks for their updaters. */
public final class NetworkHooks {

    private NetworkHooks() {}

    /** Before {@code init(INDArray, boolean)}. */
    public static void initialises(Object network, @Nullable Object parameters, boolean copied) {
        Networks.initialises(network, parameters, copied);
    }

    /** After {@code TransferLearning.Builder.build()}. */
    public static void transferred(Object original, Object built) {
        Networks.transferred(original, built);
    }

    /** After {@code init(INDArray, boolean)}. */
    public static void initialised(Object network) {
        Networks.initialised(network);
    }

    /** Before {@code clone()}; the answer comes back to {@link #cloneEnds}. */
    public static @Nullable Object cloneBegins(Object original) {
        return RulesInForce.none() ? null : Networks.cloneBegins(original);
    }

    /** After {@code clone()}, also when it failed. */
    public static void cloneEnds(Object original, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            ((Runnable) token).run();
        }
    }

    /** At the end of {@code clone()}. */
    public static void cloned(Object original, Object copy) {
        if (!RulesInForce.none()) {
            Networks.cloned(original, copy);
        }
    }

    /** Before {@code readObject(ObjectInputStream)}; the answer comes back to {@link #readEnds}. */
    public static @Nullable Object readBegins(Object network) {
        return Networks.deserialises(network);
    }

    /** After {@code readObject(ObjectInputStream)}, also when it failed. */
    public static void readEnds(Object network, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            Networks.deserialised(token, thrown == null);
        }
    }

    /** Instead of {@code UpdaterCreator.getUpdater(Model)}; null leaves it to DL4J. */
    public static @Nullable Object updater(Object model) {
        return RulesInForce.none() ? null : Training.updaterMade(model);
    }

    /** Before {@code MultiLayerNetwork.getUpdater(boolean)}. */
    public static void updaterWanted(Object network, boolean create) {
        if (create && !RulesInForce.none()) {
            Training.updaterWanted(network);
        }
    }

    /** Before {@code ComputationGraph.getUpdater(boolean)}, which creates its updater itself. */
    public static void graphUpdaterWanted(Object network, boolean create) {
        updaterWanted(network, create);
        if (create && !RulesInForce.none() && ((ComputationGraph) network).getUpdater(false) == null) {
            Object updater = Training.updater(network);
            if (updater != null) {
                ((ComputationGraph) network).setUpdater((ComputationGraphUpdater) updater);
            }
        }
    }

    /** Before {@code BaseOptimizer.getComputationGraphUpdater(boolean)}, which creates its updater itself. */
    public static void optimizerUpdaterWanted(Object optimizer, Object model, boolean create) {
        if (create && !RulesInForce.none() && model instanceof ComputationGraph) {
            ConvexOptimizer owner = (ConvexOptimizer) optimizer;
            if (owner.getComputationGraphUpdater(false) == null) {
                Object updater = Training.updater(model);
                if (updater != null) {
                    owner.setUpdaterComputationGraph((ComputationGraphUpdater) updater);
                }
            }
        }
    }
}
