package org.lowrank4j.update;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;

/** LoRA on V = W0 + s A B of one weight, and the magnitudes of W's columns. */
final class DoraTarget implements TargetUpdate {

    private static final String MAGNITUDE = "M";
    private static final String UNNORMALISED = "V";

    private final TargetWeight target;
    private final INDArray weight;
    private final INDArray unnormalised;
    private final LoraTarget lora;
    private final INDArray magnitude;
    /** c, with 1 in the place of 0; 1 x nOut. */
    private final INDArray norms;
    /** M / c, 1 x nOut. */
    private final INDArray ratios;

    private final List<TrainedTensor> tensors;

    DoraTarget(TargetWeight target) {
        this.target = target;
        weight = target.weight();
        unnormalised = Nd4j.create(target.dataType(), weight.shape(), 'f');
        lora = new LoraTarget(new TargetWeight(
                target.layer(),
                unnormalised,
                target.rank(),
                target.alpha(),
                target.scale(),
                target.seed(),
                target.options(),
                target.shared()));
        long[] row = {1, target.outputs()};
        magnitude = Nd4j.create(target.dataType(), row, 'c');
        norms = Nd4j.create(target.dataType(), row, 'c');
        ratios = Nd4j.create(target.dataType(), row, 'c');
        tensors = Stream.concat(
                        lora.tensors().stream(), Stream.of(new TrainedTensor(MAGNITUDE, row, 'c', magnitude, true)))
                .toList();
    }

    @Override
    public List<TrainedTensor> tensors() {
        return tensors;
    }

    @Override
    public void start(Factors start) {
        unnormalised.assign(weight);
        lora.start(start);
        magnitude.assign(unnormalised.norm2(true, 0));
        normalise();
    }

    /** Brings c and M / c in line with V and M. */
    private void normalise() {
        norms.assign(unnormalised.norm2(true, 0));
        BooleanIndexing.replaceWhere(norms, 1, Conditions.equals(0));
        ratios.assign(magnitude).divi(norms);
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        lora.gradient(gradient.withColumnsScaled(ratios), gradients);
        gradients[2].assign(gradient.columnDots(unnormalised)).divi(norms);
    }

    @Override
    public void step(INDArray[] steps) {
        lora.step(steps);
        magnitude.subi(steps[2]);
        normalise();
        weight.assign(unnormalised).muliRowVector(ratios);
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>(lora.state());
        state.put(MAGNITUDE, magnitude);
        state.put(UNNORMALISED, unnormalised);
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        lora.restore(state);
        SavedState.copy(state, MAGNITUDE, magnitude, target);
        SavedState.copy(state, UNNORMALISED, unnormalised, target);
        normalise();
    }
}
