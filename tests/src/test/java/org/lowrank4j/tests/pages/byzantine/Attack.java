package org.lowrank4j.tests.pages.byzantine;

import java.util.Random;

/** What a hostile worker makes of its gradient. */
enum Attack {
    NONE("none"),
    RANDOM("random, ten times as long"),
    REVERSED("reversed, ten times as long"),
    SCALED("a hundred times as long"),
    ZERO("zeros"),
    NAN("NaN");

    private final String words;

    Attack(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }

    /** Does it to some entries. */
    void on(double[] entries, int count, Random random) {
        double squares = 0;
        for (int i = 0; i < count; i++) {
            squares += entries[i] * entries[i];
        }
        double typical = Math.sqrt(squares / count);
        for (int i = 0; i < count; i++) {
            entries[i] = switch (this) {
                case NONE -> entries[i];
                case RANDOM -> 10 * typical * random.nextGaussian();
                case REVERSED -> -10 * entries[i];
                case SCALED -> 100 * entries[i];
                case ZERO -> 0;
                case NAN -> Double.NaN;
            };
        }
    }
}
