package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;

/** For approximations of dL/dW, which need an update that trains W itself. */
final class WeightItself {

    private WeightItself() {}

    /** Whether the update's only tensor is W. */
    static boolean isTrained(TargetUpdate update, TargetWeight target) {
        List<TrainedTensor> tensors = update.tensors();
        return tensors.size() == 1 && tensors.get(0).value() == target.weight();
    }

    /**
     * Refuses every other update.
     *
     * @param gradient the approximation, for the message
     */
    static void require(GradientApproximation gradient, TargetUpdate update, TargetWeight target) {
        if (!isTrained(update, target)) {
            throw new LowRankException("gradient=" + gradient.name() + " makes the step of W from dL/dW, so it serves"
                    + " only updates that train W itself, such as update=full; layer " + target.layer()
                    + " names another update. Leave the update out, or use gradient=exact.");
        }
    }
}
