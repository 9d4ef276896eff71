package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.decomposition.PivotedLu;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The trained diagonal and scale between two fixed triangles of one weight. */
final class LolduTarget extends OwnStart {

    private final INDArray weight;
    private final INDArray a;
    private final INDArray b;
    private final INDArray z;
    private final INDArray sigma;
    /** B with each row multiplied by its part of a step. */
    private final INDArray moved;

    private final List<TrainedTensor> tensors;

    LolduTarget(String update, TargetWeight target) {
        super(update, target);
        weight = target.weight();
        DataType type = target.dataType();
        int rank = target.rank();
        a = Nd4j.create(type, new long[] {target.inputs(), rank}, 'f');
        b = Nd4j.create(type, new long[] {rank, target.outputs()}, 'c');
        z = Nd4j.create(type, new long[] {1, rank}, 'c');
        sigma = Nd4j.create(type, new long[] {1, 1}, 'c');
        moved = b.ulike();
        tensors = List.of(
                new TrainedTensor("z", new long[] {1, rank}, 'c', z, true),
                new TrainedTensor("sigma", new long[] {1, 1}, 'c', sigma, true));
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start() {
        // Of the transpose: pivoting the inputs instead of the outputs would give other directions.
        PivotedLu lu = PivotedLu.of(weight.transpose());
        double smallest = smallestPivot(lu.upper());
        for (int i = 0; i < target().rank(); i++) {
            double pivot = lu.upper().getDouble(i, i);
            boolean used = Math.abs(pivot) > smallest;
            z.putScalar(0, i, used ? pivot : 0);
            INDArray row = lu.upper().getRow(i);
            a.getColumn(i).assign(used ? row.div(pivot) : row.mul(0));
        }
        INDArray leading = lu.lower().get(NDArrayIndex.all(), NDArrayIndex.interval(0, target().rank()));
        for (int i = 0; i < lu.rows().length; i++) {
            b.getColumn(lu.rows()[i]).assign(leading.getRow(i));
        }
        sigma.assign(target().scale());
    }

    /** Up to this magnitude a pivot is 0 up to the rounding of the weight's own type. */
    private double smallestPivot(INDArray upper) {
        double largest = 0;
        for (int i = 0; i < upper.size(0); i++) {
            largest = Math.max(largest, Math.abs(upper.getDouble(i, i)));
        }
        double rounding = weight.dataType() == DataType.DOUBLE ? Math.ulp(1.0) : Math.ulp(1f);
        return rounding * Math.max(target().inputs(), target().outputs()) * largest;
    }

    @Override
    public void gradient(INDArray x, INDArray delta, INDArray[] gradients) {
        long[] projected = {x.size(0), target().rank()};
        INDArray u = Nd4j.createUninitialized(weight.dataType(), projected, 'f');
        Nd4j.gemm(x, a, u, false, false, 1, 0);
        INDArray v = Nd4j.createUninitialized(weight.dataType(), projected, 'f');
        Nd4j.gemm(delta, b, v, false, true, 1, 0);
        // sum over the examples: the diagonal of A^T G B^T
        INDArray diagonal = u.muli(v).sum(true, 0);
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
        moved.assign(b).muliColumnVector(fall.reshape(fall.length(), 1));
        Nd4j.gemm(a, moved, weight, false, false, -1, 1);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("A", a);
        state.put("B", b);
        state.put("z", z);
        state.put("sigma", sigma);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        SavedState.copy(state, "A", a, target());
        SavedState.copy(state, "B", b, target());
        SavedState.copy(state, "z", z, target());
        SavedState.copy(state, "sigma", sigma, target());
    }
}
