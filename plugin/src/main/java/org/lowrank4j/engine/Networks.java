package org.lowrank4j.engine;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Creation;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Rule;
import org.lowrank4j.rule.RuleBook;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * All networks of the JVM that a rule applies to, and the decisions of their lives: which rule, adapted or stock, resumed
 * or fresh. Each network holds what is known of it.
 */
public final class Networks {

    private static final AtomicInteger INITIALISED = new AtomicInteger();

    /** Read by every hook before anything else, so that hooks cost nothing while no rule applies to any network. */
    private static volatile boolean anyEnrolment;

    private static volatile @Nullable RuleBook ruleBook;
    private static volatile Supplier<@Nullable String> weavingProblem = () -> null;
    private static volatile @Nullable UnmatchedRules unmatched;

    /** Whether the next network that trains without a rule may be one that a rule was meant for. */
    private static volatile boolean rulesMissed;

    private Networks() {}

    /**
     * Starts to apply rules to networks.
     *
     * @param rules of this JVM
     * @param problem answers with what kept a hook from being woven, null while there is nothing
     */
    public static void apply(RuleBook rules, Supplier<@Nullable String> problem) {
        apply(rules, problem, Map::of);
    }

    /**
     * The same where the agent knows the classes of the program.
     *
     * @param annotated what those that are loaded annotate with {@code @LowRank}: {@code class a.b.C}, {@code method
     *     a.b.C.train}, {@code constructor a.b.C} or {@code field a.b.C.network}, with the descriptor of its type for a
     *     field to which no class stores that is seen, else with ""
     */
    public static void apply(
            RuleBook rules, Supplier<@Nullable String> problem, Supplier<Map<String, String>> annotated) {
        weavingProblem = problem;
        ruleBook = rules;
        unmatched = rules.off() ? null : new UnmatchedRules(rules, annotated);
        rulesMissed = !rules.off();
    }

    /** The JVM ends. */
    public static void ended() {
        UnmatchedRules all = unmatched;
        if (all != null) {
            all.sayAtEnd();
        }
    }

    /** Whether a rule applies to any network yet. */
    public static boolean none() {
        return !anyEnrolment;
    }

    /** Whether a step is of no interest: no rule applies to any network, and none is missed. */
    public static boolean stepsAreStock() {
        return !anyEnrolment && !rulesMissed;
    }

    /** Called before a network is initialised, with the parameters that it is given, null if it draws its own. */
    public static void initialises(Object model, @Nullable Object parameters) {
        RuleBook rules = ruleBook;
        if (rules != null && !rules.off() && parameters == null && !isInitialised(model)) {
            DrawnParameters.begin(model);
        }
    }

    /** Called after transfer learning built a network out of another. */
    public static void transferred(Object original, Object built) {
        NetworkParts from = NetworkParts.of(original);
        NetworkParts to = NetworkParts.of(built);
        RuleBook rules = ruleBook;
        if (rules != null && !rules.off() && from != null && to != null) {
            DrawnParameters.transferred(from, to);
        }
    }

    /** Called after a network was initialised: looks for the rule that applies where that happened. */
    public static void initialised(Object model) {
        RuleBook rules = ruleBook;
        NetworkParts network = NetworkParts.of(model);
        if (network != null) {
            DrawnParameters.end(network);
        }
        Deserialisation deserialisation = Deserialisation.running();
        if (network != null && deserialisation != null) {
            if (deserialisation.isOf(model)) {
                Enrolment source = deserialisation.source();
                if (source != null) {
                    enrol(network, source.rule(), source.ruleOfField());
                }
                return;
            }
            deserialisation.restoring(model);
        }
        if (rules == null
                || rules.off()
                || network == null
                || Attachment.enrolment(model) != null
                || Distributed.makesReplica()) {
            return;
        }
        int nth = INITIALISED.incrementAndGet();
        rulesMissed = true;
        NetworkShape shape = network.shape();
        Attachment.Field field = Attachment.takeField(model);
        orRefusing(() -> {
                    Creation creation = Creation.here(shape, nth);
                    return rules.ruleFor(field == null ? creation : field.keeping(creation));
                })
                .ifPresent(found -> enrol(network, found, field != null));
    }

    /** What cannot be had is no matter of a network that never trains: its rule is refused at the first step. */
    private static Optional<Rule> orRefusing(Supplier<Optional<Rule>> reading) {
        try {
            return reading.get();
        } catch (LowRankException refused) {
            return Optional.of(Rule.refusing(refused));
        }
    }

    /** Called when a network is stored in an annotated field. */
    public static void stored(@Nullable Object model, Class<?> owner, String field) {
        RuleBook rules = ruleBook;
        if (rules == null || rules.off() || model == null || NetworkParts.of(model) == null) {
            return;
        }
        NetworkParts network = Objects.requireNonNull(NetworkParts.of(model));
        if (!isInitialised(model)) {
            Attachment.field(model, owner, field);
            return;
        }
        Optional<Rule> rule = orRefusing(() -> rules.ruleForField(owner, field, network.shape(), INITIALISED.get()));
        Enrolment enrolment = Attachment.enrolment(model);
        if (rule.isEmpty()) {
            return;
        }
        if (enrolment == null) {
            enrol(network, rule.get(), true);
        } else if (!enrolment.rule().sameSettings(rule.get())) {
            if (enrolment.session() == null && !enrolment.ruleOfField()) {
                enrolment.ruleOfField(rule.get());
                return;
            }
            LowRankException tie = new LowRankException(
                    "Two rules tie for one network: " + enrolment.rule().source() + " and "
                            + rule.get().source() + ". Give both the same settings, or annotate one of them only.");
            if (enrolment.session() != null) {
                throw said(enrolment, tie);
            }
            enrolment.ruleOfField(Rule.refusing(tie));
        }
    }

    private static boolean isInitialised(Object model) {
        return model instanceof MultiLayerNetwork multiLayer
                ? multiLayer.isInitCalled()
                : ((ComputationGraph) model).getVertices() != null;
    }

    private static void enrol(NetworkParts network, Rule rule, boolean ruleOfField) {
        Enrolment enrolment = new Enrolment(rule, ruleOfField);
        String reason = StockReason.pretraining(network);
        if (reason != null && !mustNotBeStock()) {
            trainAsStock(enrolment, reason);
        }
        Attachment.enrol(network.model(), enrolment);
        anyEnrolment = true;
    }

    /**
     * Called before a network is cloned: a clone is of one moment.
     *
     * @return what to run after it, null for nothing
     */
    public static @Nullable Runnable cloneBegins(Object original) {
        Enrolment enrolment = Attachment.enrolment(original);
        Session session = enrolment == null ? null : enrolment.session();
        return session == null ? null : session.hold();
    }

    /** Called after that, inside of it: the clone goes on where the original is. */
    public static void cloned(Object original, Object copy) {
        Enrolment from = Attachment.enrolment(original);
        if (from == null || from.stock() || NetworkParts.of(copy) == null) {
            return;
        }
        Enrolment to = new Enrolment(from.rule(), from.ruleOfField());
        Session session = from.session();
        if (session == null) {
            to.resumeLike(from);
        } else {
            to.resume(session.save(true));
        }
        // DL4J's clone of a graph counts from 0.
        if (session != null && copy instanceof MultiLayerNetwork multiLayer && !from.trainedHere()) {
            BaseOptimizer.incrementIterationCount(multiLayer, session.stepsAhead());
        }
        Attachment.enrol(copy, to);
    }

    /**
     * Called before Java's serialization reads a network.
     *
     * @return what {@link #deserialised} gets, null for nothing
     */
    public static @Nullable Object deserialises(Object network) {
        RuleBook rules = ruleBook;
        return rules == null || rules.off() ? null : Deserialisation.begin(network);
    }

    /**
     * Called after that: the network goes on where the written one was.
     *
     * @param complete whether it was read without a failure
     */
    public static void deserialised(Object deserialisation, boolean complete) {
        ((Deserialisation) deserialisation).end(complete);
    }

    /** Called after a network was read from a zip that holds the state of an adapted training. */
    public static void restored(Object model, TrainingState state) {
        Enrolment enrolment = Attachment.enrolment(model);
        if (enrolment == null) {
            Console.say("this model was trained with low-rank adapters of "
                    + state.settings().keySet()
                    + ", but no rule applies to it here: training it now would train all of its weights.");
        } else {
            enrolment.resume(state);
        }
    }

    /**
     * Called after a network was read from a zip whose state of an adapted training cannot be used. The network itself is
     * whole and predicts what it did; training under a rule would start anew though the user wrote that it goes on, so it
     * is refused.
     */
    public static void restoredWithoutState(Object model, String entry, LowRankException unusable) {
        String what =
                "the adapters saved in the zip of this model cannot be used: " + entry + ": " + unusable.getMessage();
        Enrolment enrolment = Attachment.enrolment(model);
        Console.warn(what + " The model is whole, and predicts as it did; training it "
                + (enrolment == null
                        ? "here, where no rule applies to it, would train all of its weights."
                        : "stops."));
        if (enrolment != null) {
            enrolment.refuseToResume(new LowRankException(
                    "Training cannot go on where it was saved: " + what + " Restore another copy of the zip. To start"
                            + " new adapters on its weights instead, take the entry out of it: zip -d MODEL.zip "
                            + entry,
                    unusable));
        }
    }

    /**
     * Called before DL4J hands out a network's updater. Whoever trains replicas asks for it when it is given the network:
     * from then on the network is as DL4J makes it, its updater included, because its workers share both and wait for
     * each other while they hold the network's lock.
     */
    public static void updaterWanted(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment != null && network != null && !enrolment.stock() && Distributed.takesNetwork()) {
            handOver(enrolment, network, replicas(enrolment));
            if (network.updater() instanceof LowRankUpdater ours) {
                network.updater(stockUpdater(ours, network));
            }
        }
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
                || weavingProblem.get() != null
                || reportOnly()
                || StockReason.of(network) != null) {
            return 0;
        }
        Methods methods = Methods.load();
        try {
            return Calibration.wantedBatches(
                    enrolment.rule().plan(shapeForTraining(enrolment, network), methods), methods);
        } catch (LowRankException refused) {
            throw said(enrolment, enrolment.rule().withSources(refused));
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

    /** Called before somebody reads or replaces the network's parameters: they are made up to date. */
    public static void catchUp(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        Session session = enrolment == null ? null : enrolment.session();
        if (session != null) {
            session.catchUp();
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
            if (network != null && rulesMissed && accumulator == null && !Distributed.onStack()) {
                withoutRule(network);
            }
            return false;
        }
        try {
            Session session = sessionFor(enrolment, network, optimizer, accumulator);
            return session != null && session.step(network, optimizer, workspaces, listeners, enrolment.insideFit());
        } catch (LowRankException refused) {
            throw said(enrolment, refused);
        }
    }

    /** Looked at once after each network that was initialised: what was missed by then has been said. */
    private static void withoutRule(NetworkParts network) {
        UnmatchedRules all = unmatched;
        if (all != null) {
            all.trainsWithout(network);
        }
        rulesMissed = false;
    }

    /** Whoever trains the network may swallow what is thrown, as DL4J's early stopping does: so it is printed first. */
    private static LowRankException said(Enrolment enrolment, LowRankException refused) {
        String message = String.valueOf(refused.getMessage());
        if (enrolment.refusedWith(message)) {
            Console.stop(message);
        }
        return refused;
    }

    private static boolean reportOnly() {
        RuleBook rules = ruleBook;
        return rules != null && rules.reportOnly();
    }

    private static boolean mustNotBeStock() {
        RuleBook rules = ruleBook;
        return rules != null && rules.strict() && !rules.reportOnly();
    }

    private static @Nullable Session sessionFor(
            Enrolment enrolment, NetworkParts network, BaseOptimizer optimizer, @Nullable Object accumulator) {
        Session session = enrolment.session();
        boolean threadChanged = enrolment.threadChanged();
        if (session != null && (accumulator != null || threadChanged && Distributed.onStack())) {
            handOver(enrolment, network, replicas(enrolment));
            session = null;
        }
        if (session == null && !enrolment.stock()) {
            session = begin(enrolment, network, optimizer, accumulator);
        }
        if (session == null && network.updaterOf(optimizer) instanceof LowRankUpdater ours) {
            network.updaterOf(optimizer, stockUpdater(ours, network));
        }
        return session;
    }

    /**
     * What planning needs to know: unlike the shape that selects a rule, it says which layers are random, or were when
     * the training began that goes on here.
     */
    private static NetworkShape shapeForTraining(Enrolment enrolment, NetworkParts network) {
        TrainingState saved = enrolment.resumed();
        return network.shape().withRandom(saved == null ? DrawnParameters.of(network) : saved.random());
    }

    private static String replicas(Enrolment enrolment) {
        return enrolment.session() == null
                ? StockReason.REPLICAS
                : "it is now trained on replicas (ParallelWrapper, Spark or a GradientsAccumulator),"
                        + " which is not supported; what its adapters learned is in its weights";
    }

    /** Makes a network stock, also one that was adapted until now; its updater is the caller's to replace. */
    private static void handOver(Enrolment enrolment, NetworkParts network, String reason) {
        Session session = enrolment.session();
        if (session != null) {
            session.uninstall(network);
        }
        trainAsStock(enrolment, reason);
    }

    private static @Nullable Session begin(
            Enrolment enrolment, NetworkParts network, BaseOptimizer optimizer, @Nullable Object accumulator) {
        RuleBook rules = Objects.requireNonNull(ruleBook);
        UnmatchedRules all = unmatched;
        if (all != null) {
            all.trains();
        }
        String problem = weavingProblem.get();
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
            return begin(enrolment, network, optimizer, plan, methods, rules);
        } catch (LowRankException refused) {
            LowRankException withSources = enrolment.rule().withSources(refused);
            if (!rules.reportOnly()) {
                throw withSources;
            }
            Console.say("mode=report: without it, training would stop. " + withSources.getMessage());
            trainAsStock(enrolment, "mode=report");
            return null;
        }
    }

    private static @Nullable Session begin(
            Enrolment enrolment,
            NetworkParts network,
            BaseOptimizer optimizer,
            Plan plan,
            Methods methods,
            RuleBook rules) {
        if (rules.reportOnly()) {
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
        if (session == null) {
            session = started(enrolment, network, plan, methods);
        }
        if (network.updaterOf(optimizer) instanceof LowRankUpdater ours) {
            INDArray held = ours.heldState();
            if (held != null) {
                session.startFrom(held);
            }
            ours.dropHeldState();
        } else {
            network.updaterOf(optimizer, null);
        }
        enrolment.begin(session);
        Console.say(session.report(network));
        KernelNotice.once();
        return session;
    }

    /** The session that goes on from the saved state; null if there is none or it does not fit, which is then said. */
    private static @Nullable Session resumed(Enrolment enrolment, NetworkParts network, Plan plan, Methods methods) {
        TrainingState saved = enrolment.resumed();
        if (saved == null) {
            return null;
        }
        try {
            return new Session(FittedNetwork.of(planOf(saved, plan), network, methods, saved.ranks()), saved);
        } catch (LowRankException unfit) {
            Console.warn("the saved adapters do not fit the rule, so training starts with new adapters on the saved"
                    + " weights. " + unfit.getMessage());
            return null;
        }
    }

    /** The session that starts its adapters at its first step. */
    private static Session started(Enrolment enrolment, NetworkParts network, Plan plan, Methods methods) {
        List<MultiDataSet> batches = enrolment.takeReadAhead();
        if (batches.isEmpty()) {
            Calibration.refuseWithoutIterator(plan, methods);
        }
        ObservedInputs inputs = ObservedInputs.of(network, plan, methods, batches);
        Starts starts = new Starts();
        FittedNetwork fitted = FittedNetwork.of(plan, network, methods, inputs, starts);
        return new Session(fitted, starts, inputs.nanos(), batches);
    }

    /** The plan, with the scales of the saved training where an earlier version gave cut ranks other ones. */
    private static Plan planOf(TrainingState saved, Plan plan) {
        Map<String, String> wanted = plan.settings();
        if (saved.settings().equals(wanted)) {
            return plan;
        }
        Plan earlier = plan.withScalesAsked();
        if (saved.settings().equals(earlier.settings())) {
            return earlier;
        }
        throw new LowRankException("Saved: " + saved.settings() + ". The rule wants: " + wanted + ".");
    }

    private static void trainAsStock(Enrolment enrolment, String reason) {
        if (!enrolment.stock()) {
            if (mustNotBeStock()) {
                throw new LowRankException("strict=true: a network with the rule of "
                        + enrolment.rule().source() + " would train as stock: " + reason + ".");
            }
            enrolment.becomeStock();
            Console.say(
                    "a network with the rule of " + enrolment.rule().source() + " trains as stock: " + reason + ".");
        }
    }

    /** DL4J's own updater, with the state that was handed to ours meanwhile. */
    private static Object stockUpdater(LowRankUpdater ours, NetworkParts network) {
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
            handOver(enrolment, network, "the program applies gradients itself, which is not supported");
        }
        Object stock = stockUpdater(ours, network);
        network.updater(stock);
        if (stock instanceof MultiLayerUpdater updater) {
            updater.update(gradient, iteration, epoch, batchSize, workspaces);
        } else {
            ((ComputationGraphUpdater) stock).update(gradient, iteration, epoch, batchSize, workspaces);
        }
    }

    /**
     * Whether DL4J's full gradient vector must not be made now: for a network that a rule applies to, unless the program
     * itself asked for gradients.
     */
    public static boolean keepsCompactGradients(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        return enrolment != null && !enrolment.stock() && !enrolment.gradientsTakenOutside();
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
}
