package org.lowrank4j.update;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.TargetWeight;
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
final class MaestroTarget extends AttachedUpdate {

    private static final long NONE = -1;

    private final INDArray weight;
    private final double lasso;
    private final double threshold;
    private final int interval;
    private final MaestroTurns turns;
    private final INDArray a;
    private final INDArray b;

    private final WeightMark left;
    private final KeptNumber rank;
    private final KeptNumber round;
    private final KeptNumber turn;
    private final KeptNumber step;
    /** Of the last step, {@link #NONE} before the first. */
    private final KeptNumber epoch;

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
    MaestroTarget(TargetWeight target, double lasso, double threshold, int interval, Maestro.Loss loss) {
        super(target);
        this.lasso = lasso;
        this.threshold = threshold;
        this.interval = interval;
        weight = target.weight();
        int full = Math.toIntExact(Math.min(target.inputs(), target.outputs()));
        Kept kept = kept();
        a = trained("A", 'f', false, target.inputs(), full);
        b = trained("B", 'c', true, full, target.outputs());
        left = new WeightMark(weight, kept, "left");
        rank = kept.number("rank", full);
        round = kept.number("round", 0);
        turn = kept.number("turn", 0);
        step = kept.number("step", 0);
        epoch = kept.number("epoch", NONE);
        kept.afterRestoring(this::endStep);
        rankOfStep = full;
        width = full;
        turns = target.shared()
                .part(MaestroTurns.class, () -> new MaestroTurns(target.shared().seed(), loss, interval));
        turns.add(this, loss, interval);
    }

    /** The rank that this step trains with and, if it counts, ends with. */
    int rankOfStep() {
        return rankOfStep;
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
        rank.set(a.size(1));
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
        widthOfTurn = turns.width(this, shrinks ? round.get() + 1 : round.get(), shrinks ? 0 : turn.get());
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
        long last = epoch.get();
        shrinks = interval == 0 ? last != NONE && begunEpoch != last : step.get() > 0 && step.get() % interval == 0;
        rankOfStep = shrinks ? importantComponents() : Math.toIntExact(rank.get());
    }

    private int importantComponents() {
        double[] importance = TailNorms.of(a, b).importance();
        int components = 0;
        while (components < rank.get() && importance[components] >= threshold) {
            components++;
        }
        return components;
    }

    @Override
    public void abandon() {
        boolean moved = width != rank.get();
        endStep();
        if (moved) {
            multiply(width);
        }
        left.set();
    }

    private void endStep() {
        turns.end();
        shrinks = false;
        rankOfStep = Math.toIntExact(rank.get());
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

    /** W as it stands: of all of its rank, or of the width of this step. */
    @Override
    public void move(INDArray[] steps) {
        a.subi(steps[0]);
        b.subi(steps[1]);
        multiply(width);
    }

    @Override
    public void step(INDArray[] steps) {
        if (shrinks) {
            rank.set(rankOfStep);
            round.increment();
            turn.set(0);
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
        epoch.set(begunEpoch);
        step.increment();
        if (turn.increment() >= turns.turns()) {
            round.increment();
            turn.set(0);
        }
        endStep();
    }
}
