package org.lowrank4j.agent.sample;

import org.lowrank4j.annotation.LowRank;

/** Mentions the annotation, but not on a field. */
@LowRank(rank = 2)
public class NoFields {

    Object network;

    @LowRank
    public NoFields(Object network) {
        this.network = network;
    }

    @LowRank
    static Object make() {
        return new NoFields("made");
    }
}
