package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.ocnn.OCNNOutputLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Parameters that a layer sets by itself in its backward pass, whatever its gradients are: the r of an OCNNOutputLayer, a
 * percentile of its outputs that it takes once an epoch. Where such a layer is frozen, they stay.
 */
final class SetByItself {

    private static final String OCNN_R = "r";

    private SetByItself() {}

    /** Whether a layer of the plan must be held still. */
    static boolean anyFrozen(List<Part> parts, Plan plan) {
        return !frozen(parts, plan).isEmpty();
    }

    private static List<INDArray> frozen(List<Part> parts, Plan plan) {
        List<INDArray> found = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            LayerPlan layer = plan.layers().get(i);
            INDArray set = setBy(parts.get(i).layer());
            if (set != null && layer.role() == Role.FROZEN) {
                found.add(set);
            }
        }
        return found;
    }

    private static @Nullable INDArray setBy(@Nullable Layer layer) {
        return layer instanceof OCNNOutputLayer ? layer.getParam(OCNN_R) : null;
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
