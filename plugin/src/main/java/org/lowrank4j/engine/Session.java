package org.lowrank4j.engine;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.ObjIntConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.Kept;
import org.lowrank4j.report.PlanReport;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * The low-rank training of one network: its adapters, the compact gradient vector of what is trained, and the user's
 * updaters over it.
 *
 * <p>A session never holds its network or a layer, because it is kept in a map whose key is the network; every call
 * brings the network along. Training is one thread's; whoever else looks takes the step's lock.
 */
final class Session {

    private final Plan asked;
    private final Plan plan;
    private final Map<String, Integer> ranks;
    private final DataType type;
    private final INDArray gradient;
    private final List<Fitting> fittings;
    private final List<Run> trainedInPlace;
    private final List<SegmentTarget> targets;
    private List<Segment> segments;
    private final List<AdaptedLayer> adaptedLayers;
    private final List<WatchedLayer> watchedLayers;
    private final List<ShownWeight> shownWeights;
    private final List<ReplacedLoss> replacedLosses;
    private final Constraints constraints;
    private final boolean holdsStill;
    private final List<INDArray> dividedByMinibatch;
    private final Set<String> trainedLayers;
    private final Set<String> scratchKeys;
    private final boolean minibatch;
    private UpdaterBlocks blocks;

    private final StepState step;
    private final Deferral deferral;
    private final @Nullable WholeGradient wholeGradient;
    private final @Nullable JointUpdate joint;
    private final List<ExtraPasses> extraPasses;
    private final MethodMemory methodMemory;
    private final Kept keptOfNetwork;

    private @Nullable Starts starts;
    private final long observingNanos;
    private List<MultiDataSet> readAhead = List.of();
    private boolean installed;
    /** The full gradient vector, while somebody holds it. */
    private WeakReference<@Nullable INDArray> lent = new WeakReference<>(null);

    private boolean stepIsFinite;
    private boolean extraPassesAreFinite = true;
    private List<INDArray> added = List.of();
    private boolean proven;
    private boolean saidNotFinite;
    /** Whether listeners hear of a step that the network has taken and not counted yet. */
    private boolean uncounted;

    private @Nullable INDArray stateVector;
    /** What is to be said once the lock is free: standard error may be a stream that another thread holds. */
    private final Deque<Runnable> notices = new ArrayDeque<>();

    /** How one layer's gradient views are set; made once, applied whenever stock views were in the way. */
    interface Fitting {
        /** For a layer that nothing is backpropagated through, or that has no parameters. */
        Fitting NONE = part -> {};

        void apply(Part part);
    }

    /** A stretch of the network's parameter vector whose gradients are a stretch of the compact vector. */
    record Run(INDArray parameters, INDArray gradient) {}

    /**
     * One adapter.
     *
     * @param key of the target
     * @param gradients the views of its tensors' gradients, which the updater turns into steps
     * @param terms the user's l1, l2 and weight decay for the matrix
     */
    record SegmentTarget(
            String key,
            TargetUpdate update,
            INDArray[] gradients,
            @Nullable List<Regularization> terms) {

        String key(int tensor) {
            return key + "/" + update.tensors().get(tensor).name();
        }
    }

    Session(SessionBuilder builder) {
        asked = builder.asked;
        plan = builder.plan;
        ranks = builder.ranks;
        type = builder.type;
        gradient = builder.gradient;
        fittings = builder.fittings;
        trainedInPlace = builder.trainedInPlace;
        targets = builder.targets;
        segments = builder.segments;
        starts = builder.starts;
        observingNanos = builder.inputs.nanos();
        adaptedLayers = builder.adaptedLayers;
        watchedLayers = builder.watchedLayers;
        shownWeights = builder.shownWeights;
        replacedLosses = builder.replacedLosses;
        constraints = builder.constraints;
        holdsStill = builder.holdsStill;
        dividedByMinibatch = builder.dividedByMinibatch;
        trainedLayers = builder.trainedLayers;
        scratchKeys = builder.scratchKeys;
        minibatch = builder.minibatch;
        step = builder.step;
        deferral = builder.deferral;
        wholeGradient = builder.wholeGradient;
        methodMemory = builder.methodMemory;
        keptOfNetwork = builder.keptOfNetwork;
        joint = builder.jointUpdate;
        extraPasses = builder.extraPasses;
        blocks = blocks(segments);
    }

    /** The user's updaters over the gradient vector; what moves jointly has another one. */
    private UpdaterBlocks blocks(List<Segment> trained) {
        return new UpdaterBlocks(trained, gradient, type, one -> joint == null || !one.divided());
    }

    /** What the session does, with the ranks that it does it with. */
    Plan plan() {
        return plan;
    }

    /** Minibatches for the starts to learn from; the first is that of the first step. */
    void readAhead(List<MultiDataSet> batches) {
        readAhead = batches;
    }

    boolean inStep() {
        return step.running();
    }

    /** Bytes of gradient, updater state and methods, and of the first two in full training with the same updaters. */
    PlanReport.Memory memory(NetworkParts network) {
        long parameters = 0;
        long state = 0;
        for (Part part : network.parts()) {
            for (Map.Entry<String, Long> parameter : part.shape().parameters().entrySet()) {
                parameters += parameter.getValue();
                state += part.trainable()
                        .getConfig()
                        .getUpdaterByParam(parameter.getKey())
                        .stateSize(parameter.getValue());
            }
        }
        return new PlanReport.Memory(
                gradient.length() * type.width() + (joint == null ? 0 : joint.gradientBytes()),
                blocks.stateBytes() + (joint == null ? 0 : joint.stateBytes()),
                parameters * type.width(),
                state * type.width(),
                methodMemory.bytes(),
                methodMemory.most());
    }

    /** How many numbers the updater trains in the place of all trained entries; empty if it trains the entries. */
    OptionalLong jointNumbers() {
        return joint == null ? OptionalLong.empty() : OptionalLong.of(joint.numbers());
    }

    /** Trained entries of each adapter, by the target's key. */
    Map<String, Long> adapterEntries() {
        return targets.stream()
                .collect(Collectors.toMap(
                        SegmentTarget::key,
                        target -> target.update().tensors().stream()
                                .mapToLong(tensor -> tensor.length())
                                .sum(),
                        Long::sum,
                        LinkedHashMap::new));
    }

    /** Sets the compact gradient views in every layer, in the place of whatever was there. */
    void install(NetworkParts network) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            List<Part> parts = network.parts();
            for (int i = 0; i < parts.size(); i++) {
                fittings.get(i).apply(parts.get(i));
            }
            network.flattenedGradients(gradient.reshape(1, gradient.length()));
        }
        installed = true;
    }

    /**
     * Sets DL4J's own gradient views in every layer, of one vector for all parameters, until the next step.
     *
     * @return the vector, 1 x the parameters; null inside a step, which needs the compact one
     */
    @Nullable INDArray lend(NetworkParts network) {
        deferral.lock().lock();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (inStep()) {
                return null;
            }
            INDArray whole = lent.get();
            if (!installed && whole != null) {
                return whole;
            }
            deferral.catchUp();
            long length = network.parameters().length();
            if (whole == null) {
                whole = Nd4j.create(type, 1, length);
                lent = new WeakReference<>(whole);
            }
            INDArray flat = whole.reshape(length);
            for (Part part : network.parts()) {
                long count = part.shape().parameterCount();
                if (count > 0) {
                    part.gradientViews(flat.get(NDArrayIndex.interval(part.offset(), part.offset() + count)));
                }
            }
            network.flattenedGradients(whole);
            installed = false;
            return whole;
        } finally {
            deferral.lock().unlock();
        }
    }

    /** Takes the compact gradient vector out, so that DL4J makes its own full one. */
    void uninstall(NetworkParts network) {
        deferral.catchUp();
        network.flattenedGradients(null);
        installed = false;
    }

    /**
     * One training step, in the order of the stock one.
     *
     * @param insideFit whether it is one of the steps of a fit that works through an iterator
     */
    boolean step(
            NetworkParts network,
            BaseOptimizer optimizer,
            LayerWorkspaceMgr workspaces,
            Collection<TrainingListener> listeners,
            boolean insideFit) {
        deferral.lock().lock();
        try {
            if (!installed) {
                install(network);
            }
            if (!(network.updaterOf(optimizer) instanceof LowRankUpdater)) {
                network.updaterOf(optimizer, LowRankUpdater.of(network));
            }
            if (starts != null) {
                start(network, starts);
            }
            boolean shows = GradientListeners.among(listeners);
            deferral.beginStep(insideFit && !shows, listeners);
            shownWeights.forEach(shows ? ShownWeight::begin : ShownWeight::forget);
            pass(network, optimizer, workspaces);
            if (shows) {
                shownWeights.forEach(ShownWeight::end);
            }
            if (listeners.isEmpty()) {
                count(network);
                return true;
            }
            uncounted = true;
        } finally {
            deferral.lock().unlock();
            sayNotices();
        }
        tell(network, listeners);
        return true;
    }

    /** Without the lock: a listener may wait for a thread that looks at the network. */
    private void tell(NetworkParts network, Collection<TrainingListener> listeners) {
        int iteration = network.iteration();
        int epoch = network.epoch();
        boolean told = false;
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            for (TrainingListener listener : listeners) {
                listener.iterationDone(network.model(), iteration, epoch);
            }
            told = true;
        } finally {
            deferral.lock().lock();
            try {
                uncounted = false;
                if (told) {
                    count(network);
                }
            } finally {
                deferral.lock().unlock();
            }
        }
    }

    private void count(NetworkParts network) {
        BaseOptimizer.incrementIterationCount(network.model(), 1);
        constraints.hold(network);
    }

    private void sayNotices() {
        while (!notices.isEmpty()) {
            notices.remove().run();
        }
    }

    /** Forward, backward, and the step itself if it counts. */
    private void pass(NetworkParts network, BaseOptimizer optimizer, LayerWorkspaceMgr workspaces) {
        boolean begun = starts == null;
        boolean counts = false;
        try {
            if (begun) {
                beforeForward(network);
            }
            step.begin();
            if (begun) {
                passBefore(network);
            }
            optimizer.gradientAndScore(workspaces);
            prove();
            counts = stepIsFinite;
        } finally {
            step.end();
            added = List.of();
            if (begun && !counts) {
                abandon();
            }
        }
        if (counts) {
            apply();
        }
    }

    /** Also of targets that the step did not get to. */
    private void abandon() {
        forgetForward();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            targets.forEach(target -> target.update().abandon());
        }
    }

    private void beforeForward(NetworkParts network) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            for (SegmentTarget target : targets) {
                target.update().beforeForward(network.iteration(), network.epoch());
            }
        }
    }

    /** The passes besides the step's own that targets ask for. */
    private void passBefore(NetworkParts network) {
        if (extraPasses.isEmpty()) {
            return;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
                StepPasses passes = new StepPasses(network, gradient, targets, dividedByMinibatch, minibatch)) {
            extraPasses.forEach(extra -> extra.run(passes));
            extraPassesAreFinite = passes.finite();
            added = passes.added();
        }
    }

    private void start(NetworkParts network, Starts pending) {
        long begun = System.nanoTime();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (pending.run(network, step, readAhead)) {
                starts = null;
                String started = "adapters started in "
                        + (observingNanos + System.nanoTime() - begun) / 1_000_000
                        + " ms"
                        + (readAhead.isEmpty() ? "" : ", with " + readAhead.size() + " minibatches read ahead")
                        + (pending.replaced().isEmpty()
                                ? ""
                                : ", with " + Excerpt.of(pending.replaced()) + " as saved");
                notices.add(() -> Console.say(started));
            }
            readAhead = List.of();
        } catch (LowRankException refused) {
            throw plan.rule().withSources(refused);
        }
    }

    /** Turns the gradients of this step into steps: what DL4J calls updating the gradient. */
    void update(
            NetworkParts network,
            Gradient returned,
            int iteration,
            int epoch,
            int batchSize,
            LayerWorkspaceMgr workspaces,
            ObjIntConsumer<Segment> normalisation) {
        dropScratch(returned);
        for (int i = 0; i < added.size(); i++) {
            dividedByMinibatch.get(i).addi(added.get(i));
        }
        if (minibatch) {
            for (INDArray view : dividedByMinibatch) {
                divide(view, batchSize);
            }
        }
        double score = network.model().score();
        double sum = Blas.asum(gradient);
        stepIsFinite = Double.isFinite(score) && Double.isFinite(sum) && extraPassesAreFinite;
        if (!stepIsFinite) {
            sayNotFinite(score, iteration, epoch);
            return;
        }
        blocks.askRates(iteration, epoch);
        if (joint != null) {
            joint.askRates(iteration, epoch);
        }
        for (Segment segment : segments) {
            normalisation.accept(segment, iteration);
        }
        for (SegmentTarget target : targets) {
            if (target.update().movesUpdaterState()) {
                target.update().beforeUpdater(target.gradients(), liveStates(target));
            }
        }
        regularise(Regularization.ApplyStep.BEFORE_UPDATER, iteration, epoch);
        if (wholeGradient != null) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                wholeGradient.replace();
            }
        }
        if (joint != null) {
            joint.update(
                    iteration,
                    epoch,
                    workspaces,
                    () -> regularise(Regularization.ApplyStep.POST_UPDATER, iteration, epoch));
        }
        blocks.update(iteration, epoch, workspaces);
        if (joint == null) {
            regularise(Regularization.ApplyStep.POST_UPDATER, iteration, epoch);
        }
    }

    /** To multiply is several times faster, and as exact for a power of two. */
    private static void divide(INDArray sum, int examples) {
        if (Integer.bitCount(examples) == 1) {
            Blas.scale(1.0 / examples, sum);
        } else {
            sum.divi(examples);
        }
    }

    private void regularise(Regularization.ApplyStep when, int iteration, int epoch) {
        for (SegmentTarget target : targets) {
            if (target.terms() == null || target.terms().isEmpty()) {
                continue;
            }
            double[] rates = new double[target.gradients().length];
            for (int i = 0; i < rates.length; i++) {
                rates[i] = joint == null
                        ? blocks.learningRate(target.key(i), iteration, epoch)
                        : joint.learningRate(iteration, epoch);
            }
            for (Regularization term : target.terms()) {
                if (term.applyStep() == when) {
                    target.update().regularise(term, target.gradients(), rates, iteration, epoch);
                }
            }
        }
    }

    private INDArray[] liveStates(SegmentTarget target) {
        return target.update().tensors().stream()
                .map(tensor ->
                        joint == null ? blocks.liveState(target.key() + "/" + tensor.name(), type) : Nd4j.empty(type))
                .toArray(INDArray[]::new);
    }

    private void apply() {
        if (joint != null) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                joint.step();
            }
        }
        for (Run run : trainedInPlace) {
            run.parameters().subi(run.gradient());
        }
        for (SegmentTarget target : targets) {
            target.update().step(target.gradients());
        }
    }

    /**
     * Layers that only lend their backward pass write into scratch memory: those gradients mean nothing. Listeners see what
     * was taken from there.
     */
    private void dropScratch(Gradient returned) {
        if (!scratchKeys.isEmpty()) {
            returned.gradientForVariable().keySet().removeIf(scratchKeys::contains);
            watchedLayers.forEach(one -> returned.gradientForVariable().putAll(one.shown()));
        }
    }

    private void sayNotFinite(double score, int iteration, int epoch) {
        if (!saidNotFinite) {
            saidNotFinite = true;
            String notFinite = "the " + (Double.isFinite(score) ? "gradient" : "loss (" + score + ")")
                    + " is not finite at iteration " + iteration + ", epoch " + epoch
                    + ": that step is left out, weights and adapters stay as they were. Look for NaN or infinite values"
                    + " in the data, or lower the learning rate. Later steps like this are left out silently.";
            notices.add(() -> Console.warn(notFinite));
        }
    }

    /** After the first step: did every hook that this network needs do its part? */
    private void prove() {
        if (proven) {
            return;
        }
        List<String> missed = Stream.concat(
                        adaptedLayers.stream().filter(AdaptedLayer::isMissed).map(AdaptedLayer::name),
                        watchedLayers.stream().filter(WatchedLayer::isMissed).map(WatchedLayer::name))
                .toList();
        if (!missed.isEmpty()) {
            throw new LowRankException("The first step did not reach the adapters of " + String.join(", ", missed)
                    + ": the hooks in DL4J's layers did not run. The step was not applied. Run with verbose=true to see"
                    + " which classes were woven, or with enabled=false to train without lowrank4j.");
        }
        for (ReplacedLoss loss : replacedLosses) {
            if (loss.isMissed()) {
                throw new LowRankException("The first step did not use the loss that the rule sets for output layer "
                        + loss.layer() + ": the hook in DL4J's output layers did not run. The step was not applied. Run"
                        + " with verbose=true to see which classes were woven, or without the key loss.");
            }
        }
        proven = true;
    }

    /**
     * Takes everything below the lowest trained layer out of the coming backward pass, and holds still what frozen layers
     * would set by themselves, until the answer is run.
     */
    Runnable backwardBegins(NetworkParts network) {
        Runnable whole = network.cutBelow(trainedLayers);
        if (!holdsStill) {
            return whole;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            Runnable still = SetByItself.hold(network.parts(), plan);
            return () -> {
                whole.run();
                still.run();
            };
        }
    }

    /** Weights that lag behind their adapters catch up. */
    void catchUp() {
        deferral.catchUp();
    }

    /** The end of a fit that worked through an iterator. */
    void endFit() {
        deferral.endFit();
    }

    /** Drops what the forward pass kept for a backward pass that is over, or will not come. */
    void forgetForward() {
        adaptedLayers.forEach(AdaptedLayer::forgetForward);
    }

    /** Makes the updaters anew after the user changed a learning rate, keeping their state. */
    void refreshUpdaters() {
        List<Segment> current =
                segments.stream().map(Segment::withCurrentUpdaters).toList();
        if (joint != null) {
            joint.refreshUpdater(current);
        }
        UpdaterBlocks fresh = blocks(current);
        fresh.restore(blocks.stateByArray());
        segments = current;
        blocks = fresh;
        stateVector = null;
    }

    /**
     * The whole network, between two steps.
     *
     * @param copied whether another thread may train it while this is written
     * @return null before the factors have started, when there is nothing to go on from
     */
    @Nullable NetworkState state(NetworkParts network, boolean withUpdater, boolean copied) {
        deferral.lock().lock();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            TrainingState training = save(withUpdater);
            INDArray parameters = network.model().params();
            return training == null
                    ? null
                    : new NetworkState(
                            network.configurationAfter(copied ? stepsAhead() : 0),
                            copied ? parameters.dup(parameters.ordering()) : parameters,
                            training);
        } finally {
            deferral.lock().unlock();
        }
    }

    /** Keeps steps from beginning until the answer is run. */
    Runnable hold() {
        deferral.lock().lock();
        return deferral.lock()::unlock;
    }

    /** How many steps the network has taken that its count of iterations does not know of. */
    int stepsAhead() {
        return uncounted ? 1 : 0;
    }

    /**
     * Everything besides the network's own parameters that exact resumption needs, as copies; null before the
     * factors have started, when there is nothing to go on from.
     */
    @Nullable TrainingState save(boolean withUpdater) {
        if (starts != null) {
            return null;
        }
        deferral.catchUp();
        Map<String, INDArray> tensors = adapters();
        if (withUpdater) {
            blocks.stateByArray().forEach((key, array) -> tensors.put(TrainingState.UPDATER + key, array));
            if (joint != null) {
                joint.updaterState().forEach((key, array) -> tensors.put(TrainingState.UPDATER + key, array));
            }
        }
        return new TrainingState(
                asked.settings(), ranks, tensors, withUpdater, asked.shape().random());
    }

    /** Copies of all arrays that are neither the network's parameters nor an updater's state, by name. */
    private Map<String, INDArray> adapters() {
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        for (SegmentTarget target : targets) {
            target.update()
                    .kept()
                    .state()
                    .forEach((key, array) ->
                            tensors.put(TrainingState.ADAPTER + target.key() + "/" + key, array.dup(array.ordering())));
        }
        keptOfNetwork
                .state()
                .forEach((key, array) -> tensors.put(TrainingState.NETWORK + key, array.dup(array.ordering())));
        return tensors;
    }

    /** Blocks of the updaters, live. */
    List<UpdaterBlock> updaterBlocks() {
        List<UpdaterBlock> all = new ArrayList<>(blocks.blocks());
        if (joint != null) {
            all.addAll(joint.blocks().blocks());
        }
        return all;
    }

    /**
     * The state of the training besides the parameters, as one vector: that of the updaters, live, then a copy of the
     * adapters.
     *
     * @return null before the factors have started
     */
    @Nullable INDArray stateVector() {
        if (starts != null) {
            return null;
        }
        deferral.lock().lock();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            deferral.catchUp();
            Map<String, INDArray> adapters = adapters();
            long live = liveLength();
            long length = live + StateVector.length(adapters, type);
            INDArray vector = stateVector;
            if (vector == null || vector.length() != length) {
                vector = Nd4j.create(type, length);
                long own = blocks.stateLength();
                if (own > 0) {
                    blocks.moveState(vector.get(NDArrayIndex.interval(0, own)));
                }
                if (joint != null && live > own) {
                    joint.blocks().moveState(vector.get(NDArrayIndex.interval(own, live)));
                }
                stateVector = vector;
            }
            StateVector.write(adapters, vector.get(NDArrayIndex.interval(live, length)));
            return vector;
        } finally {
            deferral.lock().unlock();
        }
    }

    private long liveLength() {
        return blocks.stateLength() + (joint == null ? 0 : joint.blocks().stateLength());
    }

    /**
     * Goes on from a vector that {@link #stateVector} of this or another network gave.
     *
     * @throws LowRankException if it has another length
     */
    void stateVector(INDArray given) {
        deferral.lock().lock();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            INDArray vector = stateVector();
            if (vector == null || vector.length() != given.length()) {
                throw new LowRankException(
                        "The state of an updater has " + given.length() + " entries, and that of this"
                                + " network, which trains with adapters under the rule of "
                                + plan.rule().source() + ", has " + (vector == null ? "none yet" : vector.length())
                                + ". Take it from a network that trains under the same rule.");
            }
            if (vector.data().address() != given.data().address()) {
                INDArray flat = given.reshape(given.length());
                take(flat, vector, adaptersIn(flat));
            }
        } finally {
            deferral.lock().unlock();
        }
    }

    /** Goes on from such a vector before training has begun; one that is of something else is passed over. */
    void startFrom(INDArray given) {
        Starts pending = starts;
        starts = null;
        boolean fits = false;
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            INDArray vector = stateVector();
            if (vector != null && vector.length() == given.length()) {
                INDArray flat = given.reshape(given.length());
                Map<String, INDArray> adapters = adaptersIn(flat);
                fits = adapters != null;
                if (fits) {
                    take(flat, vector, adapters);
                }
            }
        } finally {
            if (!fits) {
                starts = pending;
            }
        }
    }

    /** The adapters in a vector; null if the program gives the state of the updaters alone. */
    private @Nullable Map<String, INDArray> adaptersIn(INDArray given) {
        return StateVector.read(adapters(), given.get(NDArrayIndex.interval(liveLength(), given.length())));
    }

    private void take(INDArray given, INDArray vector, @Nullable Map<String, INDArray> adapters) {
        if (adapters != null) {
            restore(new TrainingState(asked.settings(), ranks, adapters, false));
        }
        long live = liveLength();
        if (live > 0) {
            vector.get(NDArrayIndex.interval(0, live)).assign(given.get(NDArrayIndex.interval(0, live)));
        }
    }

    /** Puts a saved state back; the caller has checked that it was made under the same settings. */
    void restore(TrainingState saved) {
        for (SegmentTarget target : targets) {
            target.update().kept().restore(saved.under(TrainingState.ADAPTER + target.key() + "/"));
        }
        keptOfNetwork.restore(saved.under(TrainingState.NETWORK));
        if (saved.hasUpdater()) {
            blocks.restore(saved.under(TrainingState.UPDATER));
            if (joint != null) {
                joint.restoreUpdater(saved.under(TrainingState.UPDATER));
            }
        }
    }
}
