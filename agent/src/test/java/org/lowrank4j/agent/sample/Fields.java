package org.lowrank4j.agent.sample;

import org.lowrank4j.annotation.LowRank;

/** A user's class with annotated fields, one of which no network fits in. */
public class Fields {

    @LowRank(rank = 2)
    private Object network;

    @LowRank
    static CharSequence unrelated;

    @LowRank
    static Object shared;

    Object plain;

    @LowRank
    long number;

    public Fields(Object first) {
        network = first;
        plain = first;
        number = 1L;
    }

    public void replace(Object next) {
        for (int i = 0; i < 2; i++) {
            network = i == 0 ? this.plain : next;
        }
        unrelated = "text";
    }

    public static void share(Object value) {
        shared = value;
    }

    public Object network() {
        return network;
    }
}
