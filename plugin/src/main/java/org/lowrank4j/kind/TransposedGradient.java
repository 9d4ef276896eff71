package org.lowrank4j.kind;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** G = H^T, of a gradient H that is made when something of it is asked for. */
final class TransposedGradient implements WeightGradient {

    private final long outputs;
    private final long inputs;
    private final Supplier<WeightGradient> source;
    private @Nullable WeightGradient transpose;

    /**
     * Of nothing that is made yet.
     *
     * @param outputs rows of H
     * @param inputs columns of H
     */
    TransposedGradient(long outputs, long inputs, Supplier<WeightGradient> source) {
        this.outputs = outputs;
        this.inputs = inputs;
        this.source = source;
    }

    private WeightGradient transpose() {
        WeightGradient made = transpose;
        if (made == null) {
            made = source.get();
            transpose = made;
        }
        return made;
    }

    @Override
    public long inputs() {
        return inputs;
    }

    @Override
    public long outputs() {
        return outputs;
    }

    /** (R^T H)^T. */
    @Override
    public void times(INDArray right, double scale, INDArray result, double keep) {
        transpose().transposeTimes(right, scale, result.transpose(), keep);
    }

    /** (H L)^T. */
    @Override
    public void transposeTimes(INDArray left, double scale, INDArray result, double keep) {
        transpose().times(left, scale, result.transpose(), keep);
    }

    @Override
    public void between(INDArray left, INDArray right, double scale, INDArray result, double keep) {
        transpose().between(right, left, scale, result.transpose(), keep);
    }

    @Override
    public INDArray columnDots(INDArray left) {
        return whole(left).columnDots(left);
    }

    @Override
    public void formed(INDArray result, double keep) {
        transpose().formed(result.transpose(), keep);
    }

    @Override
    public WeightGradient withColumnsScaled(INDArray factors) {
        return whole(factors).withColumnsScaled(factors);
    }

    /** Columns of G are rows of H, which no product of H tells apart. */
    private Formed whole(INDArray like) {
        INDArray whole = Nd4j.createUninitialized(like.dataType(), new long[] {inputs, outputs}, 'c');
        formed(whole, 0);
        return new Formed(whole);
    }

    @Override
    public boolean isFinite() {
        return transpose().isFinite();
    }
}
