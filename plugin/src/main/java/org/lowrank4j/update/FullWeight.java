package org.lowrank4j.update;

import java.util.EnumSet;
import java.util.Set;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;

/**
 * Trains W itself. By itself this is ordinary training of the weight; gradient approximations such as GaLore, whose low
 * rank lies in the gradient, are published with it.
 */
public final class FullWeight implements WeightUpdate {

    @Override
    public String name() {
        return "full";
    }

    @Override
    public Set<Replication> replicates() {
        return EnumSet.allOf(Replication.class);
    }

    @Override
    public WeightTarget attach(TargetWeight target) {
        return new WeightTarget(target);
    }
}
