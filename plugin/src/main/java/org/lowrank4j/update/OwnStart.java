package org.lowrank4j.update;

import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Factors;

/** The state of an update whose start is part of it. */
abstract class OwnStart implements TargetUpdate {

    private final String update;
    private final TargetWeight target;

    /** @param update its name, for messages */
    OwnStart(String update, TargetWeight target) {
        this.update = update;
        this.target = target;
    }

    final TargetWeight target() {
        return target;
    }

    @Override
    public final void start(Factors factors) {
        throw new LowRankException("Layer " + target.layer() + " trains with update=" + update
                + ", whose start is part of it. Name no initialisation for it.");
    }

    @Override
    public abstract void start();
}
