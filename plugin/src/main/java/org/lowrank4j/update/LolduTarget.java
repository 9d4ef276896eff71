package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The trained diagonal and scale between two fixed triangles of one weight. */
final class LolduTarget implements TargetUpdate {

    private static final String Z = "z";
    private static final String SIGMA = "sigma";

    private final TargetWeight target;
    private final FixedFactors factors;
    private final INDArray z;
    private final INDArray sigma;
    /** B with each row multiplied by its part of a step. */
    private final INDArray moved;

    private final List<TrainedTensor> tensors;

    LolduTarget(String update, TargetWeight target) {
        this.target = target;
        factors = new FixedFactors(update, target);
        DataType type = target.dataType();
        int rank = target.rank();
        z = Nd4j.create(type, new long[] {1, rank}, 'c');
        sigma = Nd4j.create(type, new long[] {1, 1}, 'c');
        moved = factors.b().ulike();
        tensors = List.of(
                new TrainedTensor(Z, new long[] {1, rank}, 'c', z, true),
                new TrainedTensor(SIGMA, new long[] {1, 1}, 'c', sigma, true));
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start(Factors given) {
        factors.start(given, Z, z);
        sigma.assign(target.scale());
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        INDArray diagonal = factors.diagonal(gradient);
        gradients[0].assign(diagonal).muli(sigma.getDouble(0));
        gradients[1].assign(diagonal.muli(z).sumNumber());
    }

    @Override
    public void step(INDArray[] steps) {
        // sigma z - sigma' z' = sigma' dz + dsigma z
        INDArray fall = z.mul(steps[1].getDouble(0));
        sigma.subi(steps[1]);
        z.subi(steps[0]);
        fall.addi(steps[0].muli(sigma.getDouble(0)));
        moved.assign(factors.b()).muliColumnVector(fall.reshape(fall.length(), 1));
        Blas.gemm(factors.a(), moved, target.weight(), false, false, -1, 1);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        factors.save(state);
        state.put(Z, z);
        state.put(SIGMA, sigma);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        factors.restore(state);
        SavedState.copy(state, Z, z, target);
        SavedState.copy(state, SIGMA, sigma, target);
    }
}
