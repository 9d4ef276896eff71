package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The two trained vectors of one weight, around factors that its network shares. */
final class VeraTarget extends OwnStart {

    private final INDArray weight;
    private final double initial;
    private final INDArray d;
    private final INDArray b;
    private final INDArray seed = Nd4j.create(DataType.LONG, 1);
    /** r x nOut: what is multiplied by A to move W. */
    private final INDArray moved;

    private final List<TrainedTensor> tensors;

    private INDArray left;
    private INDArray right;

    VeraTarget(String update, TargetWeight target, double initial) {
        super(update, target);
        this.initial = initial;
        weight = target.weight();
        DataType type = target.dataType();
        int rank = target.rank();
        d = Nd4j.create(type, new long[] {1, rank}, 'c');
        b = Nd4j.create(type, new long[] {1, target.outputs()}, 'c');
        moved = Nd4j.create(type, new long[] {rank, target.outputs()}, 'f');
        tensors = List.of(
                new TrainedTensor("d", new long[] {1, rank}, 'c', d, true),
                new TrainedTensor("b", new long[] {1, target.outputs()}, 'c', b, true));
        seed.data().put(0, target.shared().seed());
        left = left();
        right = right();
    }

    /** This layer's rows of the shared A, nIn x r in 'c' order: the first rows are one piece of memory. */
    private INDArray left() {
        SharedArrays shared = target().shared();
        long rows = shared.largestInputs();
        INDArray whole = shared.get(key("A"), () -> draw(rows, target().rank(), 'c', Vera.bound(rows)));
        return whole.get(NDArrayIndex.interval(0, target().inputs()), NDArrayIndex.all());
    }

    /** This layer's columns of the shared B, r x nOut in 'f' order: the first columns are one piece of memory. */
    private INDArray right() {
        SharedArrays shared = target().shared();
        long columns = shared.largestOutputs();
        INDArray whole = shared.get(key("B"), () -> draw(target().rank(), columns, 'f', Vera.bound(target().rank())));
        return whole.get(NDArrayIndex.all(), NDArrayIndex.interval(0, target().outputs()));
    }

    private String key(String factor) {
        return factor + " of rank " + target().rank() + ", seed " + seed.data().getLong(0);
    }

    private INDArray draw(long rows, long columns, char order, double bound) {
        INDArray drawn = Nd4j.create(weight.dataType(), new long[] {rows, columns}, order);
        Random random = new Random(seed.data().getLong(0) * 31 + order);
        for (long i = 0; i < rows; i++) {
            for (long j = 0; j < columns; j++) {
                drawn.putScalar(i, j, bound * (2 * random.nextDouble() - 1));
            }
        }
        return drawn;
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start() {
        d.assign(initial);
        b.assign(0);
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        INDArray products =
                Nd4j.createUninitialized(weight.dataType(), new long[] {target().rank(), target().outputs()}, 'f');
        gradient.transposeTimes(left, 1, products, 0);
        products.muli(right);
        Blas.gemm(b, products, gradients[0], false, true, 1, 0);
        Blas.gemm(d, products, gradients[1], false, false, 1, 0);
    }

    @Override
    public void step(INDArray[] steps) {
        // d_k b_j - d'_k b'_j = d_k db_j + dd_k b'_j
        Blas.gemm(d, steps[1], moved, true, false, 1, 0);
        d.subi(steps[0]);
        b.subi(steps[1]);
        Blas.gemm(steps[0], b, moved, true, false, 1, 1);
        moved.muli(right);
        Blas.gemm(left, moved, weight, false, false, -1, 1);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("d", d);
        state.put("b", b);
        state.put("seed", seed);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        SavedState.copy(state, "d", d, target());
        SavedState.copy(state, "b", b, target());
        SavedState.copy(state, "seed", seed, target());
        left = left();
        right = right();
    }
}
