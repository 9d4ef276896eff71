package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;

/** One target whose tensors are stepped by Adafactor. */
final class AdafactorTarget extends WrappedUpdate {

    private final Map<String, AdafactorTensor> tensors = new LinkedHashMap<>();

    AdafactorTarget(Adafactor adafactor, TargetUpdate update, TargetWeight target, Adafactor.Settings settings) {
        super(adafactor, update, target);
        for (TrainedTensor tensor : update.tensors()) {
            tensors.put(tensor.name(), new AdafactorTensor(tensor, target.dataType(), settings));
        }
    }

    /** Of the updater that the update would use, only the rate counts. */
    @Override
    public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        AdafactorTensor rule = tensors.get(tensor.name());
        if (rule == null) {
            throw new IllegalArgumentException("layer " + target().layer() + " trains no " + tensor.name());
        }
        return new MethodUpdater(super.updater(tensor, usersUpdater), rule);
    }

    @Override
    Map<String, INDArray> ownState() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> tensor.state().forEach((array, live) -> state.put(name + "." + array, live)));
        return state;
    }
}
