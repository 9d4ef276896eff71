package org.lowrank4j.update;

import java.util.Optional;
import java.util.Set;
import org.lowrank4j.method.TargetWeight;

/** An update that trains its factors A and B: LoRA and what is made of it. */
public non-sealed interface FactorUpdate extends StartedUpdate {

    /**
     * Why A and B may be others when the updater sees their gradients than they were in the backward pass that these come
     * from, as part of a sentence; empty if they never are, as by default.
     */
    default Optional<String> exchange() {
        return Optional.empty();
    }

    @Override
    default Set<String> factors() {
        return Set.of("A", "B");
    }

    @Override
    FactorTarget attach(TargetWeight target);
}
