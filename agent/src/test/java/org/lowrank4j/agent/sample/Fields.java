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

    @LowRank
    static Object storedByNested;

    @LowRank
    Object storedByOthers;

    Object plain;

    @LowRank
    long number;

    /** Shares the fields of the class around it. */
    public static final class Nested {

        private Nested() {}

        static void store(Object value) {
            storedByNested = value;
        }
    }

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

    public static void shareByNested(Object value) {
        Nested.store(value);
    }

    public Object network() {
        return network;
    }
}
