package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Parameters that a layer sets by itself in its backward pass, whatever its gradients are. Where
 * such a layer is frozen, they stay.
 */
final class SetByItself {

    private SetByItself() {}

    /** Whether a layer of the plan must be held still. */
    static boolean anyFrozen(List<Part> parts, Plan plan) {
        return !frozen(parts, plan).isEmpty();
    }

    private static List<INDArray> frozen(List<Part> parts, Plan plan) {
        List<INDArray> found = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            LayerPlan layer = plan.layers().get(i);
            LayerKind kind = parts.get(i).kind();
            if (kind != null && layer.role() == Role.FROZEN) {
                Map<String, INDArray> parameters = parts.get(i).parameters();
                kind.setByItself().forEach(name -> found.add(Objects.requireNonNull(parameters.get(name))));
            }
        }
        return found;
    }

    /** What puts the parameters of the plan's frozen layers back as they are now. */
    static Runnable hold(List<Part> parts, Plan plan) {
        List<INDArray> held = frozen(parts, plan);
        List<INDArray> before = held.stream().map(INDArray::dup).toList();
        return () -> {
            for (int i = 0; i < held.size(); i++) {
                held.get(i).assign(before.get(i));
            }
        };
    }
}
