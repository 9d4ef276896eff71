package org.lowrank4j.engine;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.function.ObjIntConsumer;
import java.util.function.Supplier;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.solvers.BaseOptimizer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The low-rank training of one network, step by step.
 *
 * <p>A session never holds its network or a layer, because it is held by what the network holds; every call brings the
 * network along. Training is one thread's; whoever else looks takes the step's lock.
 */
final class Session {

    private final FittedNetwork fitted;
    private final List<Stage> stages;
    private final StepLock lock;

    private @Nullable Starts starts;
    private final long observingNanos;
    private List<MultiDataSet> readAhead;

    private Exchanging exchanging = Exchanging.NOTHING;
    private boolean stepIsFinite;
    /** Of the running step, of all replicas together. */
    private int examples;
    /** Whether the average of what is trained takes its place at the end of the step. */
    private boolean showsAverage;

    private boolean extraPassesAreFinite = true;
    private List<INDArray> added = List.of();
    private boolean proven;
    private boolean saidNotFinite;
    /** Whether listeners hear of a step that the network has taken and not counted yet. */
    private boolean uncounted;

    /** What is to be said once the lock is free: standard error may be a stream that another thread holds. */
    private final Deque<Runnable> notices = new ArrayDeque<>();

    /** Goes on where a saved training was. */
    Session(FittedNetwork fitted, TrainingState saved) {
        this(fitted, null, 0, List.of());
        fitted.resumption().restore(saved);
    }

    /**
     * Begins anew.
     *
     * @param starts of the adapters, at the first step; null if there is nothing to start
     * @param observingNanos what it took to find out what they learn of the layers' inputs
     * @param readAhead minibatches for the starts to learn from; the first is that of the first step
     */
    Session(FittedNetwork fitted, @Nullable Starts starts, long observingNanos, List<MultiDataSet> readAhead) {
        this.fitted = fitted;
        this.starts = starts;
        this.observingNanos = observingNanos;
        this.readAhead = readAhead;
        stages = Stage.all(fitted.matrices(), fitted.updaters(), fitted.whole());
        lock = fitted.deferral().lock();
    }

    /** What is done, and what it takes. */
    String report(NetworkParts network) {
        return fitted.report(network);
    }

    boolean inStep() {
        return fitted.step().running();
    }

    /** The full gradient vector, 1 x the parameters, with views in every layer; null inside a step. */
    @Nullable INDArray lend(NetworkParts network) {
        lock.lock();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (inStep()) {
                return null;
            }
            catchUp();
            // Its layers do not tell meanwhile when they are asked.
            fitted.deferral().taken().take();
            return fitted.gradient().lend(network);
        } finally {
            lock.unlock();
        }
    }

    /** A copy of the values of everything that trains, as one vector. */
    INDArray values() {
        return between(() -> fitted.values().dup());
    }

    /** Moves everything that trains to such values of this network or of a copy of it. */
    void moveTo(INDArray values) {
        between(() -> {
            fitted.values();
            fitted.moveTo(values.reshape(values.length()));
            return values;
        });
    }

    /** A copy of the state of the updaters, as one vector; null for updaters without any. */
    @Nullable INDArray updaterState() {
        return between(fitted.updaters()::stateCopy);
    }

    /** Takes such a state of this network's updaters or of those of a copy of it. */
    void updaterState(INDArray state) {
        between(() -> {
            fitted.updaters().assignState(state);
            return state;
        });
    }

    /** Between two steps, with weights that do not lag. */
    private <T extends @Nullable Object> T between(Supplier<T> what) {
        lock.lock();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            catchUp();
            return what.get();
        } finally {
            lock.unlock();
        }
    }

    /** Leaves the network to DL4J. */
    void uninstall(NetworkParts network) {
        catchUp();
        fitted.gradient().uninstall(network);
    }

    /**
     * One training step, in the order of the stock one.
     *
     * @param insideFit whether it is one of the steps of a fit that works through an iterator
     * @param withReplicas what it has in common with the steps of replicas
     */
    boolean step(
            NetworkParts network,
            BaseOptimizer optimizer,
            LayerWorkspaceMgr workspaces,
            Collection<TrainingListener> listeners,
            boolean insideFit,
            Exchanging withReplicas) {
        lock.lock();
        try {
            install(network, optimizer);
            exchanging = withReplicas;
            showsAverage = !insideFit && exchanging == Exchanging.NOTHING;
            boolean shows = GradientListeners.among(listeners);
            boolean alone = exchanging == Exchanging.NOTHING && fitted.average() == null;
            fitted.deferral().beginStep(!shows && (insideFit || alone), insideFit, listeners);
            fitted.matrices().forEach(matrix -> matrix.shown().begin(shows));
            pass(network, optimizer, workspaces);
            fitted.matrices().forEach(matrix -> matrix.shown().end());
            if (listeners.isEmpty()) {
                count(network);
                return true;
            }
            uncounted = true;
        } finally {
            lock.unlock();
            sayNotices();
        }
        tell(network, listeners);
        return true;
    }

    private void install(NetworkParts network, BaseOptimizer optimizer) {
        fitted.gradient().install(network);
        if (!(network.updaterOf(optimizer) instanceof LowRankUpdater)) {
            network.updaterOf(optimizer, LowRankUpdater.of(network));
        }
        if (starts != null) {
            start(network, starts);
        }
        if (fitted.average() != null && starts == null) {
            fitted.average().hide(network.epoch());
        }
    }

    /**
     * Starts the adapters before the first step, for replicas that begin with the same ones.
     *
     * @return false if no minibatch that was read ahead has finite gradients
     */
    boolean start(NetworkParts network, BaseOptimizer optimizer) {
        lock.lock();
        try {
            install(network, optimizer);
            return starts == null;
        } finally {
            lock.unlock();
            sayNotices();
        }
    }

    /** The training of a replica, from the state that this one saved. */
    Session replica(NetworkParts network, Methods methods, TrainingState saved) {
        return new Session(FittedNetwork.of(fitted.resumption().asked(), network, methods, saved.ranks()), saved);
    }

    FittedNetwork fitted() {
        return fitted;
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
            lock.lock();
            try {
                uncounted = false;
                if (told) {
                    count(network);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void count(NetworkParts network) {
        BaseOptimizer.incrementIterationCount(network.model(), 1);
        fitted.constraints().hold(network);
        AveragedWeights average = fitted.average();
        Trial trial = Trial.running();
        if (trial != null) {
            trial.step(network.model().score());
        }
        if (average != null && stepIsFinite) {
            average.follow(examples);
            if (showsAverage) {
                average.show();
            }
        }
    }

    private void sayNotices() {
        while (!notices.isEmpty()) {
            notices.remove().run();
        }
    }

    private void start(NetworkParts network, Starts pending) {
        long begun = System.nanoTime();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (pending.run(network, fitted.step(), readAhead)) {
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
            throw fitted.plan().rule().withSources(refused);
        }
    }

    /** Forward, backward, and the step itself if it counts. */
    private void pass(NetworkParts network, BaseOptimizer optimizer, LayerWorkspaceMgr workspaces) {
        boolean begun = starts == null;
        boolean counts = false;
        try {
            if (begun) {
                if (exchanging.pending(fitted.gradient().vector())) {
                    move();
                }
                beforeForward(network);
            }
            fitted.step().begin();
            if (begun) {
                passBefore(network);
            }
            optimizer.gradientAndScore(workspaces);
            if (!proven) {
                fitted.layers().prove();
                proven = true;
            }
            counts = stepIsFinite;
        } finally {
            fitted.step().end();
            added = List.of();
            if (begun && !counts) {
                abandon();
            }
        }
        if (counts) {
            fitted.updaters().step();
        }
        if (exchanging.steps(fitted.gradient().vector(), counts, network.iteration(), network.epoch())) {
            move();
        }
    }

    /** Everything takes the step in the gradient vector. */
    private void move() {
        fitted.gradient().step();
        for (AdaptedMatrix matrix : fitted.matrices()) {
            matrix.update().step(matrix.gradients());
        }
    }

    /** Also of targets that the step did not get to. */
    private void abandon() {
        fitted.layers().forgetForward();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            fitted.matrices().forEach(matrix -> matrix.update().abandon());
        }
        if (showsAverage && fitted.average() != null) {
            fitted.average().show();
        }
    }

    private void beforeForward(NetworkParts network) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            for (AdaptedMatrix matrix : fitted.matrices()) {
                matrix.update().beforeForward(network.iteration(), network.epoch());
            }
        }
    }

    /** The passes besides the step's own that targets ask for. */
    private void passBefore(NetworkParts network) {
        if (fitted.extraPasses().isEmpty()) {
            return;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
                StepPasses passes = new StepPasses(network, fitted)) {
            fitted.extraPasses().forEach(extra -> extra.run(passes));
            extraPassesAreFinite = passes.finite();
            added = passes.added();
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
        fitted.layers().dropScratch(returned);
        for (int i = 0; i < added.size(); i++) {
            fitted.gradient().sums().get(i).addi(added.get(i));
        }
        double score = network.model().score();
        boolean finite = Double.isFinite(score) && extraPassesAreFinite;
        if (fitted.minibatch() || exchanging.exchangesGradients()) {
            fitted.gradient().divide(batchSize);
        }
        examples = batchSize;
        if (exchanging.exchangesGradients()) {
            // From here on what all replicas have in common decides.
            exchange(finite);
            finite = true;
        }
        stepIsFinite = finite && fitted.gradient().isFinite();
        if (stepIsFinite) {
            Stage.Step step = new Stage.Step(iteration, epoch, workspaces, normalisation);
            stages.forEach(stage -> stage.run(step));
        } else {
            sayNotFinite(score, iteration, epoch);
        }
    }

    /** All replicas take the step, or none does. */
    private void exchange(boolean finite) {
        if (!finite) {
            fitted.gradient().vector().assign(Double.NaN);
        }
        examples = exchanging.gradients(fitted.gradient().vector(), examples);
        if (!fitted.minibatch()) {
            fitted.gradient().multiply(examples);
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

    /**
     * Takes everything below the lowest trained layer out of the coming backward pass, and holds still what frozen layers
     * would set by themselves.
     *
     * @return what to run after the pass
     */
    Runnable backwardBegins(NetworkParts network) {
        Runnable whole = network.cutBelow(fitted.trainedLayers());
        Runnable still = fitted.holdsStill() ? hold(network) : () -> {};
        return () -> {
            whole.run();
            still.run();
            fitted.layers().forgetForward();
        };
    }

    private Runnable hold(NetworkParts network) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return SetByItself.hold(network.parts(), fitted.plan());
        }
    }

    /** The network's arrays are about to be freed: nothing is to be added to them any more. */
    void closes() {
        fitted.deferral().taken().take();
        catchUp();
    }

    /** Weights that lag behind their adapters catch up. */
    void catchUp() {
        fitted.deferral().catchUp();
    }

    /** The end of a fit that worked through an iterator. */
    void endFit() {
        fitted.deferral().endFit();
        AveragedWeights average = fitted.average();
        if (average != null) {
            lock.lock();
            try {
                average.show();
            } finally {
                lock.unlock();
            }
        }
    }

    /** The end of a fit whose epoch the network does not count. */
    void endEpoch() {
        endFit();
        if (fitted.average() != null) {
            fitted.average().endEpoch();
        }
    }

    /** Makes the updaters anew after the user changed a learning rate, keeping their state. */
    void refreshUpdaters() {
        fitted.updaters().refresh();
        fitted.resumption().forgetVector();
    }

    /** Blocks of the updaters, live. */
    List<UpdaterBlock> updaterBlocks() {
        return fitted.updaters().live();
    }

    /** Keeps steps from beginning until the answer is run. */
    Runnable hold() {
        lock.lock();
        return lock::unlock;
    }

    /** How many steps the network has taken that its count of iterations does not know of. */
    int stepsAhead() {
        return uncounted ? 1 : 0;
    }

    /**
     * The whole network, between two steps.
     *
     * @param copied whether another thread may train it while this is written
     * @return null before the factors have started, when there is nothing to go on from
     */
    @Nullable NetworkState state(NetworkParts network, boolean withUpdater, boolean copied) {
        lock.lock();
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
            lock.unlock();
        }
    }

    /** What exact resumption needs besides the network's own parameters, as copies; null before the factors have started. */
    @Nullable TrainingState save(boolean withUpdater) {
        if (starts != null) {
            return null;
        }
        catchUp();
        return fitted.resumption().save(withUpdater);
    }

    /** The same as one vector, of which the updaters' part is live; null before the factors have started. */
    @Nullable INDArray stateVector() {
        if (starts != null) {
            return null;
        }
        lock.lock();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            catchUp();
            return fitted.resumption().vector();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Goes on from a vector that {@link #stateVector} of this or another network gave.
     *
     * @throws LowRankException if it has another length
     */
    void stateVector(INDArray given) {
        lock.lock();
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            catchUp();
            fitted.resumption().goOnFrom(given);
        } finally {
            lock.unlock();
        }
    }

    /** Goes on from such a vector before training has begun; false for one that is of something else. */
    boolean startFrom(INDArray given) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            boolean fits = fitted.resumption().beginFrom(given);
            if (fits) {
                starts = null;
            }
            return fits;
        }
    }
}
