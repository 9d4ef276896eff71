package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The two factors of one weight, with ordered dropout over their components.
 *
 * <p>W is the factors' product, so where a program has written to W, new factors are made from what it wrote. That is W up
 * to rounding, as at the start, and all of its rank trains again.
 *
 * <p>A rank that is to shrink does so for good in {@link #step}, so that a step that is left out leaves it alone.
 */
final class MaestroTarget extends OwnStart {

    private static final long NONE = -1;

    private final INDArray weight;
    private final double lasso;
    private final double threshold;
    private final int interval;
    private final MaestroTurns turns;
    private final INDArray a;
    private final INDArray b;
    private final List<TrainedTensor> tensors;

    private final WeightMark left;
    private final INDArray rank = counter();
    private final INDArray round = counter();
    private final INDArray turn = counter();
    private final INDArray step = counter();
    /** Of the last step, {@link #NONE} before the first. */
    private final INDArray epoch = counter();

    private long begunEpoch = NONE;
    private boolean shrinks;
    private int rankOfStep;
    /** What the turn of this step reduces W to. */
    private int widthOfTurn;
    /** Of W as it stands. */
    private int width;

    /**
     * @param lasso weight of the group lasso
     * @param threshold least importance of a component that stays
     * @param interval steps between two shrinkings, 0 to shrink with the epochs; the same for all layers of the network
     * @param loss the same for all layers of the network
     */
    MaestroTarget(String update, TargetWeight target, double lasso, double threshold, int interval, Maestro.Loss loss) {
        super(update, target);
        this.lasso = lasso;
        this.threshold = threshold;
        this.interval = interval;
        weight = target.weight();
        left = new WeightMark(weight);
        int full = Math.toIntExact(Math.min(target.inputs(), target.outputs()));
        a = Nd4j.create(target.dataType(), new long[] {target.inputs(), full}, 'f');
        b = Nd4j.create(target.dataType(), new long[] {full, target.outputs()}, 'c');
        tensors = List.of(
                new TrainedTensor("A", a.shape(), 'f', a, false), new TrainedTensor("B", b.shape(), 'c', b, true));
        set(rank, full);
        set(epoch, NONE);
        rankOfStep = full;
        width = full;
        turns = target.shared()
                .part(MaestroTurns.class, () -> new MaestroTurns(target.shared().seed(), loss, interval));
        turns.add(this, loss, interval);
    }

    private static INDArray counter() {
        return Nd4j.create(DataType.LONG, 1);
    }

    private static long get(INDArray counter) {
        return counter.data().getLong(0);
    }

    private static void set(INDArray counter, long value) {
        counter.data().put(0, value);
    }

    /** The rank that this step trains with and, if it counts, ends with. */
    int rankOfStep() {
        return rankOfStep;
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public boolean startMovesWeight() {
        return true;
    }

    @Override
    public void start() {
        factorise();
        left.set();
    }

    private void factorise() {
        ThinSvd svd = ThinSvd.of(weight);
        EnergyTruncation whole = new EnergyTruncation(svd, svd.size());
        a.assign(whole.left().castTo(a.dataType()));
        b.assign(whole.right().castTo(b.dataType()));
        set(rank, a.size(1));
        width = Math.toIntExact(a.size(1));
        // The same product as after every step, so that a step in which nothing moves leaves W as it is, bit for bit.
        multiply(width);
    }

    /** W = A[:, :components] B[:components]. */
    private void multiply(int components) {
        if (components == 0) {
            weight.assign(0);
        } else {
            Blas.gemm(firstOfA(a, components), firstOfB(b, components), weight, false, false, 1, 0);
        }
    }

    private static INDArray firstOfA(INDArray factor, int components) {
        return factor.get(NDArrayIndex.all(), NDArrayIndex.interval(0, components));
    }

    private static INDArray firstOfB(INDArray factor, int components) {
        return factor.get(NDArrayIndex.interval(0, components), NDArrayIndex.all());
    }

    @Override
    public void beforeForward(int iteration, int epochOfStep) {
        turns.begin(epochOfStep);
        widthOfTurn = turns.width(this, shrinks ? get(round) + 1 : get(round), shrinks ? 0 : get(turn));
        reduceTo(turns.distils() ? rankOfStep : widthOfTurn);
    }

    @Override
    public @Nullable ExtraPasses extraPasses() {
        return turns.distils() ? turns : null;
    }

    /** Sets W to the width of the turn. */
    void reduce() {
        reduceTo(widthOfTurn);
    }

    /** Sets W to all of its rank. */
    void expand() {
        reduceTo(rankOfStep);
    }

    /** Sets the width of W until the step ends. */
    void reduceTo(int components) {
        boolean moves = components != width;
        width = components;
        if (moves) {
            multiply(width);
        }
    }

    /** Finds the rank of the step that begins; once for all layers before the first of them asks for its width. */
    void begin(int epochOfStep) {
        begunEpoch = epochOfStep;
        if (left.written() && Double.isFinite(Blas.asum(weight))) {
            turns.sayWritten(target().layer());
            factorise();
        }
        long last = get(epoch);
        shrinks = interval == 0 ? last != NONE && begunEpoch != last : get(step) > 0 && get(step) % interval == 0;
        rankOfStep = shrinks ? importantComponents() : Math.toIntExact(get(rank));
    }

    private int importantComponents() {
        double[] importance = TailNorms.of(a, b).importance();
        int components = 0;
        while (components < get(rank) && importance[components] >= threshold) {
            components++;
        }
        return components;
    }

    @Override
    public void abandon() {
        boolean moved = width != get(rank);
        endStep();
        if (moved) {
            multiply(width);
        }
        left.set();
    }

    private void endStep() {
        turns.end();
        shrinks = false;
        rankOfStep = Math.toIntExact(get(rank));
        width = rankOfStep;
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        gradients[0].assign(0);
        gradients[1].assign(0);
        if (width == 0) {
            return;
        }
        gradient.times(firstOfB(b, width).transpose(), 1, firstOfA(gradients[0], width), 0);
        gradient.transposeTimes(firstOfA(a, width), 1, firstOfB(gradients[1], width), 0);
    }

    @Override
    public boolean movesUpdaterState() {
        return true;
    }

    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        if (lasso > 0) {
            TailNorms norms = TailNorms.of(a, b);
            gradients[0].addi(a.mulRowVector(row(norms.gradientOfA())).muli(lasso));
            gradients[1].addi(
                    b.mulColumnVector(row(norms.gradientOfB()).transpose()).muli(lasso));
        }
    }

    private INDArray row(double[] values) {
        return Nd4j.createFromArray(values).castTo(a.dataType()).reshape(1, values.length);
    }

    @Override
    public void step(INDArray[] steps) {
        if (shrinks) {
            set(rank, rankOfStep);
            set(round, get(round) + 1);
            set(turn, 0);
        }
        a.subi(steps[0]);
        b.subi(steps[1]);
        int full = Math.toIntExact(a.size(1));
        if (rankOfStep < full) {
            a.get(NDArrayIndex.all(), NDArrayIndex.interval(rankOfStep, full)).assign(0);
            b.get(NDArrayIndex.interval(rankOfStep, full), NDArrayIndex.all()).assign(0);
        }
        multiply(rankOfStep);
        left.set();
        set(epoch, begunEpoch);
        set(step, get(step) + 1);
        set(turn, get(turn) + 1);
        if (get(turn) >= turns.turns()) {
            set(round, get(round) + 1);
            set(turn, 0);
        }
        endStep();
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("A", a);
        state.put("B", b);
        state.put("left", left.state());
        state.put("rank", rank);
        state.put("round", round);
        state.put("turn", turn);
        state.put("step", step);
        state.put("epoch", epoch);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        SavedState.copy(state, "A", a, target());
        SavedState.copy(state, "B", b, target());
        SavedState.copy(state, "left", left.state(), target());
        SavedState.copy(state, "rank", rank, target());
        SavedState.copy(state, "round", round, target());
        SavedState.copy(state, "turn", turn, target());
        SavedState.copy(state, "step", step, target());
        SavedState.copy(state, "epoch", epoch, target());
        endStep();
    }
}
