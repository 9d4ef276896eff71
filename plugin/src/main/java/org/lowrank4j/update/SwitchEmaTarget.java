package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One weight, its average, and the weight as the last step left it: where a program has written to W since then, the
 * average is what it wrote, so that a switch does not undo it.
 */
final class SwitchEmaTarget extends OwnStart {

    private static final String AVERAGE = "average";
    private static final String LEFT = "left";
    private static final String STEP = "step";
    private static final String EPOCH = "epoch";

    private static final long NONE = -1;

    private final INDArray weight;
    private final SwitchEmaMemory memory;
    private final int interval;
    private final INDArray average;
    private final INDArray left;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);
    /** The epoch of the last step, {@link #NONE} before the first. */
    private final INDArray epoch = Nd4j.create(DataType.LONG, 1);

    private final List<TrainedTensor> tensors;
    private long begun = NONE;
    private boolean switched;

    /** @param interval steps between two switches, 0 to switch with the epochs */
    SwitchEmaTarget(String update, TargetWeight target, SwitchEmaMemory memory, int interval) {
        super(update, target);
        this.memory = memory;
        this.interval = interval;
        weight = target.weight();
        average = Nd4j.create(target.dataType(), weight.shape(), 'f');
        left = Nd4j.create(target.dataType(), weight.shape(), 'f');
        epoch.data().put(0, NONE);
        tensors = List.of(new TrainedTensor("W", new long[] {target.inputs(), target.outputs()}, 'f', weight, false));
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start() {
        average.assign(weight);
        left.assign(weight);
    }

    @Override
    public void beforeForward(int iteration, int epochOfStep) {
        follow();
        long last = epoch.data().getLong(0);
        begun = epochOfStep;
        if (interval == 0 && last != NONE && begun != last) {
            switched = true;
            swap();
        }
    }

    /** Between here and the end of the step, {@link #left} holds differences. */
    private void follow() {
        left.subi(weight);
        if (Blas.asum(left) != 0) {
            INDArray written = left.neq(0).castTo(weight.dataType());
            average.muli(written.rsub(1)).addi(written.muli(weight));
        }
    }

    /** In a swap nothing is lost, so a step that is left out can be undone. */
    private void swap() {
        INDArray before = weight.dup();
        weight.assign(average);
        average.assign(before);
    }

    @Override
    public void abandon() {
        if (switched) {
            switched = false;
            swap();
        }
        left.assign(weight);
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        gradient.formed(gradients[0], 0);
    }

    @Override
    public void step(INDArray[] steps) {
        if (switched) {
            switched = false;
            average.assign(weight);
        }
        weight.subi(steps[0]);
        long before = step.data().getLong(0);
        double mu = memory.at(before);
        // mu average + (1 - mu) W, which is W itself where both are equal.
        average.subi(weight).muli(mu).addi(weight);
        long taken = before + 1;
        step.data().put(0, taken);
        epoch.data().put(0, begun);
        if (interval > 0 && taken % interval == 0) {
            weight.assign(average);
        }
        left.assign(weight);
    }

    @Override
    public void weightConstrained() {
        left.assign(weight);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put(AVERAGE, average);
        state.put(LEFT, left);
        state.put(STEP, step);
        state.put(EPOCH, epoch);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        SavedState.copy(state, AVERAGE, average, target());
        SavedState.copy(state, LEFT, left, target());
        SavedState.copy(state, STEP, step, target());
        SavedState.copy(state, EPOCH, epoch, target());
    }
}
