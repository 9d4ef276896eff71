package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** One weight that is truncated every few steps; what a program writes in between is truncated when its turn comes. */
final class TrpTarget extends OwnStart {

    private static final String NUCLEAR = "nuclear";
    private static final String STEP = "step";
    private static final String TRUNCATED = "truncated";

    private final INDArray weight;
    private final double energy;
    private final int interval;
    private final double nuclearWeight;
    /** U_k V_k^T of the last truncation. */
    private final INDArray nuclear;

    private final WeightMark truncated;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);
    private final List<TrainedTensor> tensors;

    TrpTarget(String update, TargetWeight target, double energy, int interval, double nuclearWeight) {
        super(update, target);
        this.energy = energy;
        this.interval = interval;
        this.nuclearWeight = nuclearWeight;
        weight = target.weight();
        nuclear = Nd4j.create(target.dataType(), weight.shape(), 'f');
        truncated = new WeightMark(weight);
        tensors = List.of(new TrainedTensor("W", new long[] {target.inputs(), target.outputs()}, 'f', weight, false));
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
        truncate();
    }

    private void truncate() {
        EnergyTruncation truncation = EnergyTruncation.of(weight, energy);
        weight.assign(truncation.matrix().castTo(weight.dataType()));
        nuclear.assign(truncation.nuclearSubgradient().castTo(weight.dataType()));
        truncated.set();
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        gradient.formed(gradients[0], 0);
    }

    @Override
    public boolean movesUpdaterState() {
        return true;
    }

    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        if (nuclearWeight > 0 && step.data().getLong(0) % interval == 0) {
            if (truncated.written()) {
                nuclear.assign(
                        EnergyTruncation.of(weight, energy).nuclearSubgradient().castTo(weight.dataType()));
            }
            gradients[0].addi(nuclear.mul(nuclearWeight));
        }
    }

    @Override
    public void step(INDArray[] steps) {
        weight.subi(steps[0]);
        long taken = step.data().getLong(0) + 1;
        step.data().put(0, taken);
        if (taken % interval == 0) {
            truncate();
        }
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put(NUCLEAR, nuclear);
        state.put(STEP, step);
        state.put(TRUNCATED, truncated.state());
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        SavedState.copy(state, NUCLEAR, nuclear, target());
        SavedState.copy(state, STEP, step, target());
        SavedState.copy(state, TRUNCATED, truncated.state(), target());
    }
}
