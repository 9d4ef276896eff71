package org.lowrank4j.hook;

import java.util.Collection;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.Training;

/** The training step: optimisation, gradient vector and backward pass of a whole network. */
public final class StepHooks {

    private StepHooks() {}

    /** Instead of {@code StochasticGradientDescent.optimize}; null leaves the step to DL4J. */
    @SuppressWarnings("unchecked")
    public static @Nullable Object optimize(
            Object optimizer, Object workspaces, Object model, @Nullable Object accumulator, Object listeners) {
        if (RulesInForce.stepsAreStock()) {
            return null;
        }
        boolean done = Training.step(
                (BaseOptimizer) optimizer, (LayerWorkspaceMgr) workspaces, model, accumulator, (Collection<
                                TrainingListener>)
                        listeners);
        return done ? Boolean.TRUE : null;
    }

    /** Instead of {@code initGradientsView()}; null lets DL4J make its full gradient vector. */
    public static @Nullable Object gradientsView(Object network) {
        return !RulesInForce.none() && Training.keepsCompactGradients(network) ? Boolean.TRUE : null;
    }

    /**
     * Before DL4J trains one layer of a network by itself.
     *
     * @param layer its index, or its name in a ComputationGraph
     */
    public static void pretrains(Object network, Object layer) {
        if (!RulesInForce.none()) {
            Training.pretrains(network, layer);
        }
    }

    /** Instead of {@code getFlattenedGradients()} and {@code getGradientsViewArray()} of a network; null for DL4J's. */
    public static @Nullable Object gradients(Object network) {
        return RulesInForce.none() ? null : Training.wholeGradient(network);
    }

    /** Instead of {@code getFlattenedGradientsView()} of DL4J's updaters. */
    public static @Nullable Object gradientsOfUpdater(Object network) {
        return RulesInForce.none() ? null : Training.gradientsOfUpdater(network);
    }

    /** Before {@code setBackpropGradientsViewArray(INDArray)} of a network, which replaces the views of all layers. */
    public static void gradientsReplaced(Object network) {
        if (!RulesInForce.none()) {
            Training.wholeGradient(network);
        }
    }

    /** Before {@code calcBackpropGradients}; the answer comes back to {@link #backwardEnds}. */
    public static @Nullable Object backwardBegins(Object network) {
        return RulesInForce.none() ? null : Training.backwardBegins(network);
    }

    /** After {@code calcBackpropGradients}, also when it failed. */
    public static void backwardEnds(Object network, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            ((Runnable) token).run();
        }
    }
}
