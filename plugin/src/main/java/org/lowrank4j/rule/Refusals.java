package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.LowRankException;

/** What of the user's settings cannot be had, collected, so that one slip does not hide the settings beside it. */
final class Refusals {

    private final List<LowRankException> refusals = new ArrayList<>();

    void add(String sentence) {
        refusals.add(new LowRankException(sentence));
    }

    /** Runs an action and keeps what it refuses. */
    void collect(Runnable reading) {
        try {
            reading.run();
        } catch (LowRankException refused) {
            refusals.add(refused);
        }
    }

    boolean any() {
        return !refusals.isEmpty();
    }

    /** The first of them, in the order of precedence of their sources. */
    LowRankException first() {
        return refusals.get(0);
    }

    /** @throws LowRankException the first of them, if there is any */
    void throwFirst() {
        if (any()) {
            throw first();
        }
    }
}
