package org.lowrank4j.kind;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A gradient of few entries, which is formed once, if anything of it is asked for. */
final class FormedWhenAsked implements WeightGradient {

    private final long inputs;
    private final long outputs;
    private final Supplier<INDArray> form;
    private @Nullable Formed formed;

    /** @param form makes G, inputs x outputs */
    FormedWhenAsked(long inputs, long outputs, Supplier<INDArray> form) {
        this.inputs = inputs;
        this.outputs = outputs;
        this.form = form;
    }

    private Formed formed() {
        Formed made = formed;
        if (made == null) {
            made = new Formed(form.get());
            formed = made;
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

    @Override
    public void times(INDArray right, double scale, INDArray result, double keep) {
        formed().times(right, scale, result, keep);
    }

    @Override
    public void transposeTimes(INDArray left, double scale, INDArray result, double keep) {
        formed().transposeTimes(left, scale, result, keep);
    }

    @Override
    public INDArray columnDots(INDArray left) {
        return formed().columnDots(left);
    }

    @Override
    public void formed(INDArray result, double keep) {
        formed().formed(result, keep);
    }

    @Override
    public WeightGradient withColumnsScaled(INDArray factors) {
        return formed().withColumnsScaled(factors);
    }

    @Override
    public boolean isFinite() {
        return formed().isFinite();
    }
}
