package org.lowrank4j.engine;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Rule;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a network's first step decides: with adapters, gone on from where they were saved or begun anew, or as stock; and
 * the way from adapters to stock.
 */
final class Beginning {

    private Beginning() {}

    static @Nullable Session sessionFor(
            Enrolment enrolment, NetworkParts network, BaseOptimizer optimizer, @Nullable Object accumulator) {
        Session session = enrolment.session();
        enrolment.trainsHere();
        if (session != null && accumulator != null) {
            handOver(enrolment, network, StockReason.ACCUMULATOR);
            session = null;
        }
        if (session == null && !enrolment.stock()) {
            session = begin(enrolment, network, optimizer, accumulator, plan -> {});
        }
        if (session == null && network.updaterOf(optimizer) instanceof LowRankUpdater ours) {
            network.updaterOf(optimizer, stockUpdater(ours, network));
        }
        return session;
    }

    /**
     * The session of a network that is about to be replicated, with its adapters started; null for one that trains as stock.
     *
     * @param required refuses a plan that replicas cannot follow
     */
    static @Nullable Session forReplicas(Enrolment enrolment, NetworkParts network, Consumer<Plan> required) {
        Session session = enrolment.session();
        BaseOptimizer optimizer = network.optimizer();
        if (session != null) {
            required.accept(session.fitted().plan());
        } else {
            session = begin(enrolment, network, optimizer, null, required);
        }
        if (session != null && !session.start(network, optimizer)) {
            throw new LowRankException(
                    "The adapters cannot start before the replicas do: no minibatch that was read ahead"
                            + " has finite gradients.");
        }
        return session;
    }

    /**
     * What planning needs to know: unlike the shape that selects a rule, it says which layers are random, or were when
     * the training began that goes on here.
     */
    static NetworkShape shapeForTraining(Enrolment enrolment, NetworkParts network) {
        TrainingState saved = enrolment.resumed();
        Set<String> drawn = saved == null ? DrawnParameters.of(network.model()) : Set.of();
        return shapeForTraining(network, saved, drawn, enrolment.rule());
    }

    /**
     * The same for a network of which it is known what was drawn. Without the layers that a rule names, a layer that is of no
     * use until it is trained counts as random, too.
     */
    static NetworkShape shapeForTraining(
            NetworkParts network, @Nullable TrainingState saved, Set<String> drawn, Rule rule) {
        if (saved != null) {
            return network.shape().withRandom(saved.random());
        }
        Set<String> random = new LinkedHashSet<>(drawn);
        if (!rule.namesLayers()) {
            random.addAll(UselessIfFrozen.names(network.parts()));
        }
        return network.shape().withRandom(random);
    }

    /** Makes a network stock, also one that was adapted until now; its updater is the caller's to replace. */
    static void handOver(Enrolment enrolment, NetworkParts network, String reason) {
        Session session = enrolment.session();
        if (session != null) {
            session.uninstall(network);
        }
        trainAsStock(enrolment, reason);
    }

    /** Gives a network that trains as stock DL4J's own updater, where it still has ours. */
    static void leaveUpdater(NetworkParts network) {
        if (network.updater() instanceof LowRankUpdater ours) {
            network.updater(stockUpdater(ours, network));
        }
    }

    private static @Nullable Session begin(
            Enrolment enrolment,
            NetworkParts network,
            BaseOptimizer optimizer,
            @Nullable Object accumulator,
            Consumer<Plan> required) {
        RulesInForce.trains();
        String problem = RulesInForce.weavingProblem();
        String reason = problem != null ? problem : StockReason.before(network, optimizer, accumulator);
        if (reason != null) {
            trainAsStock(enrolment, reason);
            return null;
        }
        Methods methods = Methods.load();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            Plan plan = enrolment.rule().plan(shapeForTraining(enrolment, network), methods);
            reason = StockReason.after(plan);
            if (reason != null) {
                trainAsStock(enrolment, reason);
                return null;
            }
            required.accept(plan);
            return begin(enrolment, network, optimizer, plan, methods);
        } catch (LowRankException refused) {
            LowRankException withSources = enrolment.rule().withSources(refused);
            if (!RulesInForce.reportOnly()) {
                throw withSources;
            }
            Console.say("mode=report: without it, training would stop. " + withSources.getMessage());
            trainAsStock(enrolment, "mode=report");
            return null;
        }
    }

    private static @Nullable Session begin(
            Enrolment enrolment, NetworkParts network, BaseOptimizer optimizer, Plan plan, Methods methods) {
        if (RulesInForce.reportOnly()) {
            if (Calibration.wantedBatches(plan, methods) > 0 && !enrolment.insideFit()) {
                Calibration.refuseWithoutIterator(plan, methods);
            }
            Console.say(FittedNetwork.of(plan, network, methods, Map.of()).report(network));
            enrolment.requireResumable();
            trainAsStock(enrolment, "mode=report");
            return null;
        }
        enrolment.requireResumable();
        Session session = resumed(enrolment, network, plan, methods);
        boolean goesOn = session != null;
        if (session == null) {
            session = started(enrolment, network, plan, methods);
        }
        Object updater = network.updaterOf(optimizer);
        if (updater instanceof LowRankUpdater ours) {
            INDArray held = ours.heldState();
            if (held != null && !session.startFrom(held)) {
                sayLeftOut(held);
            }
            ours.dropHeldState();
        } else {
            INDArray state = updater instanceof BaseMultiLayerUpdater<?> stock ? stock.getStateViewArray() : null;
            if (state != null && state.amaxNumber().doubleValue() > 0) {
                sayLeftOut(state);
            }
            network.updaterOf(optimizer, null);
        }
        enrolment.begin(session);
        Console.say(session.report(network));
        if (goesOn) {
            Console.say("goes on with the adapters that came with the network, at iteration " + network.iteration());
        }
        KernelNotice.once();
        return session;
    }

    private static void sayLeftOut(INDArray state) {
        Console.say("the state of the updater that the network came with (" + state.length()
                + " numbers) is left out: under a rule an updater has a state for what trains only, and begins anew.");
    }

    /** The session that goes on from the saved state; null if there is none or it does not fit, which is then said. */
    private static @Nullable Session resumed(Enrolment enrolment, NetworkParts network, Plan plan, Methods methods) {
        TrainingState saved = enrolment.resumed();
        if (saved == null) {
            return null;
        }
        try {
            Plan its = planOf(saved, plan, methods);
            if (its == null) {
                throw new LowRankException("Saved: " + saved.settings() + ". The rule wants: " + plan.settings() + ".");
            }
            return new Session(FittedNetwork.of(its, network, methods, saved.ranks()), saved);
        } catch (LowRankException unfit) {
            Console.warn("the saved adapters do not fit the rule, so training starts with new adapters on the saved"
                    + " weights. " + unfit.getMessage());
            return null;
        }
    }

    /** The session that starts its adapters at its first step. */
    private static Session started(Enrolment enrolment, NetworkParts network, Plan plan, Methods methods) {
        List<MultiDataSet> batches = enrolment.readAhead();
        if (batches.isEmpty()) {
            Calibration.refuseWithoutIterator(plan, methods);
        }
        ObservedInputs inputs = ObservedInputs.of(network, plan, methods, batches);
        Starts starts = new Starts();
        FittedNetwork fitted = FittedNetwork.of(plan, network, methods, inputs, starts);
        return new Session(fitted, starts, inputs.nanos(), batches);
    }

    /**
     * The plan that a saved training follows: as the rule is read now, or as earlier versions read it, which gave cut ranks
     * other scales and adapted fewer layers by default; null if it follows none of them.
     */
    static @Nullable Plan planOf(TrainingState saved, Plan plan, Methods methods) {
        if (saved.settings().equals(plan.settings())) {
            return plan;
        }
        Plan fewer =
                plan.rule().namesLayers() ? plan : plan.rule().plan(plan.shape().withFewestDefaults(), methods);
        return Stream.of(plan.withScalesAsked(), fewer, fewer.withScalesAsked())
                .filter(earlier -> saved.settings().equals(earlier.settings()))
                .findFirst()
                .orElse(null);
    }

    /**
     * Decides that a network trains as stock, and says why.
     *
     * @throws LowRankException if the settings of its rule are refused, or strict=true
     */
    static void trainAsStock(Enrolment enrolment, String reason) {
        if (enrolment.stock()) {
            return;
        }
        LowRankException refused = enrolment.rule().refusal();
        if (refused != null && !RulesInForce.reportOnly()) {
            throw refused;
        }
        String network = "a network with the rule of " + enrolment.rule().source();
        if (RulesInForce.mustNotBeStock()) {
            throw new LowRankException("strict=true: " + network + " would train as stock: " + reason + ".");
        }
        enrolment.becomeStock();
        Console.say(network + " trains as stock: " + reason + ".");
    }

    /** DL4J's own updater, with the state that was handed to ours meanwhile. */
    static Object stockUpdater(LowRankUpdater ours, NetworkParts network) {
        INDArray held = ours.heldState();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (network.model() instanceof MultiLayerNetwork multiLayer) {
                MultiLayerUpdater stock = new MultiLayerUpdater(multiLayer);
                if (isStateOf(stock.getStateViewArray(), held)) {
                    stock.setStateViewArray(held);
                }
                return stock;
            }
            ComputationGraphUpdater stock = new ComputationGraphUpdater((ComputationGraph) network.model());
            if (isStateOf(stock.getStateViewArray(), held)) {
                stock.setStateViewArray(held);
            }
            return stock;
        }
    }

    /** Whether a state is of all parameters; that of adapters is of no use to DL4J's updater. */
    private static boolean isStateOf(@Nullable INDArray stock, @Nullable INDArray held) {
        return stock != null && held != null && stock.length() == held.length();
    }
}
