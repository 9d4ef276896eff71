package org.lowrank4j.engine;

import java.util.Collection;
import java.util.List;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** What DL4J does with a network that a rule applies to while it trains, saves or hands out its gradients and updater. */
public final class Training {

    private Training() {}

    /**
     * Called before DL4J hands out a network's updater. Spark asks for it when it is given the network: from then on the
     * network is as DL4J makes it, its updater included.
     */
    public static void updaterWanted(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || network == null || enrolment.stock() || !Distributed.takesNetwork()) {
            return;
        }
        try {
            String problem = RulesInForce.weavingProblem();
            Beginning.handOver(enrolment, network, problem == null ? StockReason.SPARK : problem);
        } catch (LowRankException refused) {
            throw enrolment.said(refused);
        }
        Beginning.leaveUpdater(network);
    }

    /**
     * The updater that DL4J makes to train a network with; null for a network that trains as stock, and for a program
     * that makes one for itself, as DL4J's gradient check does: that gets DL4J's own.
     */
    public static @Nullable Object updaterMade(Object model) {
        return Attachment.enrolment(model) == null || !Asker.trains() ? null : updater(model);
    }

    /** The updater for a network that a rule applies to, null for a network that trains as stock. */
    public static @Nullable Object updater(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || enrolment.stock() || network == null) {
            return null;
        }
        Session session = enrolment.session();
        if (session != null) {
            session.refreshUpdaters();
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return LowRankUpdater.of(network);
        }
    }

    /** The session of a network that trains with adapters, else null. */
    static @Nullable Session session(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        return enrolment == null ? null : enrolment.session();
    }

    /** The session of a network inside one of its adapted steps, else null. */
    static @Nullable Session runningSession(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        Session session = enrolment == null ? null : enrolment.session();
        return session != null && session.inStep() ? session : null;
    }

    /**
     * How many minibatches the network's starts will learn from when it now begins to train from an iterator; 0 if none,
     * or if it does not begin now.
     */
    public static int wantedBatches(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null
                || network == null
                || enrolment.stock()
                || enrolment.session() != null
                || RulesInForce.weavingProblem() != null
                || RulesInForce.reportOnly()
                || StockReason.of(network) != null) {
            return 0;
        }
        Methods methods = Methods.load();
        try {
            return Calibration.wantedBatches(
                    enrolment.rule().plan(Beginning.shapeForTraining(enrolment, network), methods), methods);
        } catch (LowRankException refused) {
            throw enrolment.said(enrolment.rule().withSources(refused));
        }
    }

    /** The first minibatches of the iterator that the network is about to be trained from. */
    public static void readAhead(Object model, List<MultiDataSet> batches) {
        Enrolment enrolment = Attachment.enrolment(model);
        if (enrolment != null) {
            enrolment.readAhead(batches);
        }
    }

    /**
     * Called before a network works through an iterator.
     *
     * @return what to run after it, null for nothing
     */
    public static @Nullable Runnable fitBegins(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        if (enrolment == null || enrolment.stock()) {
            return null;
        }
        enrolment.fitBegins();
        return enrolment::fitEnds;
    }

    /**
     * Called before somebody reads the network's parameters: they are made up to date.
     *
     * @return in their place, what trains, where Spark takes the network's result; null leaves the answer to DL4J
     */
    public static @Nullable INDArray parametersRead(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        Session session = enrolment == null ? null : enrolment.session();
        TakenWeights taken = Attachment.taken(model);
        if (taken != null) {
            taken.asked();
        }
        if (enrolment == null || session == null) {
            return null;
        }
        session.catchUp();
        return enrolment.showsTrained() ? session.values() : null;
    }

    /**
     * Called before somebody replaces the network's parameters.
     *
     * @return whether they are the results of a split on Spark, which are taken here
     */
    public static boolean parametersReplaced(Object model, Object parameters) {
        Enrolment enrolment = Attachment.enrolment(model);
        Session session = enrolment == null ? null : enrolment.session();
        if (enrolment == null || session == null) {
            return false;
        }
        session.catchUp();
        Splits splits = enrolment.splits();
        return splits != null && splits.takesValues((INDArray) parameters, SparkTraining.summedUp());
    }

    /** Called before the network's arrays are freed. */
    public static void closes(Object model) {
        Session session = session(model);
        if (session != null) {
            session.closes();
        }
    }

    /** One training step of an adapted network; false if the network trains as stock, with nothing done. */
    public static boolean step(
            BaseOptimizer optimizer,
            LayerWorkspaceMgr workspaces,
            Object model,
            @Nullable Object accumulator,
            Collection<TrainingListener> listeners) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || network == null) {
            if (network != null && accumulator == null && !Distributed.onStack()) {
                RulesInForce.trainsWithout(network);
            }
            return false;
        }
        Replica replica = Replica.of(model);
        Exchanging exchanging = replica == null ? Exchanging.NOTHING : replica.through(accumulator);
        try {
            Session session = Beginning.sessionFor(enrolment, network, optimizer, replica == null ? accumulator : null);
            return session != null
                    && session.step(network, optimizer, workspaces, listeners, enrolment.insideFit(), exchanging);
        } catch (LowRankException refused) {
            throw enrolment.said(refused);
        }
    }

    /**
     * Whether DL4J's full gradient vector must not be made now: for a network that a rule applies to, unless the program
     * itself asked for gradients, or pretrains a layer.
     */
    public static boolean keepsCompactGradients(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        return enrolment != null && !enrolment.stock() && !enrolment.gradientsTakenOutside() && !Asker.pretrains();
    }

    /**
     * Lets DL4J train one layer of a network by itself, which means all of that layer: a rule is for training by labels.
     *
     * @param which its index, or its name
     * @throws LowRankException under {@code strict=true}
     */
    public static void pretrains(Object model, Object which) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || enrolment.stock() || network == null) {
            return;
        }
        String layer = network.pretrained(which);
        if (layer == null) {
            return;
        }
        String sentence = "pretraining trains all of " + layer + " as stock does, whatever the rule ("
                + enrolment.rule().source() + ") says of it: rules are for training by labels.";
        if (RulesInForce.mustNotBeStock()) {
            throw enrolment.said(new LowRankException("strict=true stops on what would be a warning: " + sentence));
        }
        if (enrolment.pretrains(layer)) {
            Console.warn(sentence);
        }
        wholeGradient(model);
    }

    /**
     * The gradients of all parameters of a network that has trained with adapters, for a program that asks for them
     * between two steps; null leaves the answer to DL4J.
     */
    public static @Nullable INDArray wholeGradient(Object model) {
        Session session = session(model);
        NetworkParts network = NetworkParts.of(model);
        return session == null || network == null || Asker.reportsOnMemory() ? null : session.lend(network);
    }

    /** The same for an updater that a program makes for itself, also before the network's first step. */
    public static @Nullable INDArray gradientsOfUpdater(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || enrolment.stock() || network == null) {
            return null;
        }
        if (enrolment.session() != null) {
            return wholeGradient(model);
        }
        enrolment.gradientsTakenOutside(true);
        try {
            network.makeGradients();
        } finally {
            enrolment.gradientsTakenOutside(false);
        }
        return null;
    }

    /**
     * Called before a backward pass.
     *
     * @return what to run after it, null for nothing
     */
    public static @Nullable Runnable backwardBegins(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || enrolment.stock() || network == null) {
            return null;
        }
        Session session = enrolment.session();
        if (session != null && session.inStep()) {
            return session.backwardBegins(network);
        }
        if (session != null) {
            session.lend(network);
            return null;
        }
        enrolment.gradientsTakenOutside(true);
        return () -> enrolment.gradientsTakenOutside(false);
    }

    /** What a save writes for exact resumption, of one moment; null for a network without adapters. */
    public static @Nullable NetworkState stateToSave(Object model, boolean withUpdater) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || enrolment.stock() || network == null) {
            return null;
        }
        NetworkState untrained = enrolment.untrained(state -> new NetworkState(
                network.configurationAfter(0), network.model().params().dup(), state));
        Session session = enrolment.session();
        return session == null ? untrained : session.state(network, withUpdater, !enrolment.trainedHere());
    }

    /** A program that applies gradients itself gets DL4J's own updater, now and from here on. */
    static void updateAsStock(
            LowRankUpdater ours,
            NetworkParts network,
            Gradient gradient,
            int iteration,
            int epoch,
            int batchSize,
            LayerWorkspaceMgr workspaces) {
        Enrolment enrolment = Attachment.enrolment(network.model());
        if (enrolment != null) {
            Beginning.handOver(enrolment, network, "the program applies gradients itself, which is not supported");
        }
        Object stock = Beginning.stockUpdater(ours, network);
        network.updater(stock);
        if (stock instanceof MultiLayerUpdater updater) {
            updater.update(gradient, iteration, epoch, batchSize, workspaces);
        } else {
            ((ComputationGraphUpdater) stock).update(gradient, iteration, epoch, batchSize, workspaces);
        }
    }
}
