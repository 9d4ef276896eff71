package org.lowrank4j.update;

import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Opens single exchanges of SwitchLoRA to tests of other packages, which would otherwise have to wait for a draw. */
public final class SwitchLoraEvents {

    private SwitchLoraEvents() {}

    /** SwitchLoRA's state for a target at a schedule of the test's choice. */
    public static TargetUpdate attach(TargetWeight target, SwitchLora.Schedule schedule) {
        return new SwitchLora.Target(target, schedule);
    }

    /** What happens between backward and update when the schedule asks for this many vectors of each factor. */
    public static void exchange(TargetUpdate update, int count, INDArray[] gradients, INDArray[] updaterStates) {
        ((SwitchLora.Target) update).exchange(count, count, gradients, updaterStates);
    }
}
