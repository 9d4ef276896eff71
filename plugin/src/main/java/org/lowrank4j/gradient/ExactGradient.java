package org.lowrank4j.gradient;

import java.util.EnumSet;
import java.util.Set;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;

/** No approximation: every update computes the exact gradients of its own tensors. */
public final class ExactGradient implements GradientApproximation {

    @Override
    public String name() {
        return "exact";
    }

    @Override
    public Set<Replication> replicates() {
        return EnumSet.allOf(Replication.class);
    }

    @Override
    public String defaultUpdate() {
        return "lora";
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        return update;
    }
}
