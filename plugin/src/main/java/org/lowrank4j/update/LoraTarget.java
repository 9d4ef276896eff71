package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The factors A and B of one weight, and the step that moves W by s (A' B' - A B).
 *
 * <p>A and B live inside two wider matrices, left = [dA | A] (nIn x 2r) and right = [B ; dB] (2r x nOut). With A' = A -
 * dA and B' = B - dB,
 *
 * <pre>W' = W + s (A' B' - A B) = W - s (dA B' + A dB) = W - s [dA | A] [B' ; dB]</pre>
 *
 * so a step is one product into W, and W is never rebuilt from a base: a step of zeros leaves it as it is, bit for bit.
 * On an open {@link LoraSidePath} a step moves the factors only.
 */
class LoraTarget implements TargetUpdate {

    static final String A = "A";
    static final String B = "B";

    private final TargetWeight target;
    private final INDArray weight;
    private final double scale;
    private final INDArray left;
    private final INDArray right;
    private final INDArray stepOfA;
    private final INDArray stepOfB;
    private final INDArray a;
    private final INDArray b;
    private final List<TrainedTensor> tensors;
    private final @Nullable LoraSidePath sidePath;

    /** W moves in every step. */
    LoraTarget(TargetWeight target) {
        this(target, Lora.Merge.STEP);
    }

    LoraTarget(TargetWeight target, Lora.Merge merge) {
        this.target = target;
        this.weight = target.weight();
        this.scale = target.scale();
        int rank = target.rank();
        // 'f' keeps columns of the left matrix, 'c' rows of the right one, in one piece: all four parts are contiguous.
        left = Nd4j.create(target.dataType(), new long[] {target.inputs(), 2L * rank}, 'f');
        right = Nd4j.create(target.dataType(), new long[] {2L * rank, target.outputs()}, 'c');
        stepOfA = left.get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank));
        a = left.get(NDArrayIndex.all(), NDArrayIndex.interval(rank, 2L * rank));
        b = right.get(NDArrayIndex.interval(0, rank), NDArrayIndex.all());
        stepOfB = right.get(NDArrayIndex.interval(rank, 2L * rank), NDArrayIndex.all());
        tensors = List.of(
                new TrainedTensor(A, new long[] {target.inputs(), rank}, 'f', a, false),
                new TrainedTensor(B, new long[] {rank, target.outputs()}, 'c', b, true));
        sidePath =
                merge == Lora.Merge.STEP ? null : new LoraSidePath(weight, scale, a, b, right, merge == Lora.Merge.FIT);
    }

    @Override
    public final @Nullable SidePath sidePath() {
        return sidePath;
    }

    private @Nullable LoraSidePath openSidePath() {
        return sidePath != null && sidePath.isOpen() ? sidePath : null;
    }

    static Footprint footprint(TargetWeight target) {
        long n = target.inputs();
        long m = target.outputs();
        long r = target.rank();
        return Footprint.of(new long[] {n, r}, new long[] {r, m})
                .plus("2 r (n + m)", 2 * r * (n + m), target.dataType());
    }

    final TargetWeight target() {
        return target;
    }

    /** A, nIn x r, in 'f' order: the r vectors follow one another in memory. */
    final INDArray a() {
        return a;
    }

    /** B, r x nOut, in 'c' order: the r vectors follow one another in memory. */
    final INDArray b() {
        return b;
    }

    @Override
    public final List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start(Factors factors) {
        set(A, a, factors.a());
        set(B, b, factors.b());
    }

    @Override
    public final void gradient(WeightGradient gradient, INDArray[] gradients) {
        LoraSidePath open = openSidePath();
        if (open != null && gradient instanceof OuterProduct rows) {
            open.gradients(rows, gradients);
        } else {
            gradient.transposeTimes(a, scale, gradients[1], 0);
            gradient.times(b.transpose(), scale, gradients[0], 0);
        }
    }

    @Override
    public void step(INDArray[] steps) {
        LoraSidePath open = openSidePath();
        if (open != null) {
            Blas.axpy(-1, steps[0], a);
            Blas.axpy(-1, steps[1], b);
            open.step();
            return;
        }
        Blas.copy(steps[0], stepOfA);
        Blas.copy(steps[1], stepOfB);
        Blas.axpy(-1, stepOfB, b);
        move(left, right);
        Blas.axpy(-1, stepOfA, a);
    }

    /** W -= s left right. */
    void move(INDArray left, INDArray right) {
        Blas.gemm(left, right, weight, false, false, -scale, 1);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put(A, a);
        state.put(B, b);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        set(A, a, SavedState.array(state, A, target));
        set(B, b, SavedState.array(state, B, target));
    }

    private void set(String name, INDArray factor, INDArray value) {
        if (!value.dataType().isFPType()
                || value.rank() != 2
                || value.size(0) != factor.size(0)
                || value.size(1) != factor.size(1)) {
            throw new LowRankException("The factor " + name + " of layer " + target.layer() + " must be "
                    + SavedState.shape(factor) + " (nIn=" + target.inputs() + ", nOut=" + target.outputs() + ", rank="
                    + target.rank() + "), and it is " + SavedState.shape(value) + " of " + value.dataType() + ".");
        }
        factor.assign(value);
    }
}
