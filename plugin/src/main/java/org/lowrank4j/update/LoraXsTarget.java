package org.lowrank4j.update;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.RandomisedSvd;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The r x r matrix R between two fixed factors of one weight. */
final class LoraXsTarget extends OwnStart {

    private static final double DEVIATION = 1e-5;
    /** Below this shorter side an exact decomposition costs less than is worth saving. */
    private static final int EXACT_UP_TO = 512;

    private static final int OVERSAMPLING = 10;
    private static final int POWER_ITERATIONS = 10;

    private final INDArray weight;
    private final double scale;
    private final INDArray a;
    private final INDArray b;
    private final INDArray core;
    /** A times the step of R. */
    private final INDArray moved;

    private final List<TrainedTensor> tensors;

    LoraXsTarget(String update, TargetWeight target) {
        super(update, target);
        weight = target.weight();
        scale = target.scale();
        int rank = target.rank();
        a = Nd4j.create(target.dataType(), new long[] {target.inputs(), rank}, 'f');
        b = Nd4j.create(target.dataType(), new long[] {rank, target.outputs()}, 'c');
        core = Nd4j.create(target.dataType(), new long[] {rank, rank}, 'f');
        moved = a.ulike();
        tensors = List.of(new TrainedTensor("R", new long[] {rank, rank}, 'f', core, false));
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start() {
        Random random = target().random("lora-xs");
        ThinSvd svd = leadingTriplets(random);
        int[] leading = IntStream.range(0, target().rank()).toArray();
        INDArray values = Nd4j.createFromArray(Arrays.copyOf(svd.singularValues(), leading.length));
        a.assign(svd.left(leading).muliRowVector(values));
        b.assign(svd.right(leading));
        for (int i = 0; i < core.size(0); i++) {
            for (int j = 0; j < core.size(1); j++) {
                core.putScalar(i, j, DEVIATION * random.nextGaussian());
            }
        }
        INDArray product = a.castTo(DataType.DOUBLE)
                .mmul(core.castTo(DataType.DOUBLE))
                .mmul(b.castTo(DataType.DOUBLE))
                .muli(scale);
        weight.addi(product.castTo(weight.dataType()));
    }

    private ThinSvd leadingTriplets(Random random) {
        int shorter = (int) Math.min(target().inputs(), target().outputs());
        int q = Math.min(target().rank() + OVERSAMPLING, shorter);
        return shorter <= EXACT_UP_TO || q == shorter
                ? ThinSvd.of(weight)
                : RandomisedSvd.of(weight, q, POWER_ITERATIONS, random);
    }

    @Override
    public void gradient(INDArray x, INDArray delta, INDArray[] gradients) {
        long[] projected = {x.size(0), target().rank()};
        INDArray u = Nd4j.createUninitialized(weight.dataType(), projected, 'f');
        Nd4j.gemm(x, a, u, false, false, 1, 0);
        INDArray v = Nd4j.createUninitialized(weight.dataType(), projected, 'f');
        Nd4j.gemm(delta, b, v, false, true, 1, 0);
        Nd4j.gemm(u, v, gradients[0], true, false, scale, 0);
    }

    @Override
    public void step(INDArray[] steps) {
        core.subi(steps[0]);
        Nd4j.gemm(a, steps[0], moved, false, false, 1, 0);
        Nd4j.gemm(moved, b, weight, false, false, -scale, 1);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("A", a);
        state.put("B", b);
        state.put("R", core);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        SavedState.copy(state, "A", a, target());
        SavedState.copy(state, "B", b, target());
        SavedState.copy(state, "R", core, target());
    }
}
