package org.lowrank4j.update;

/**
 * How much of its average {@link SwitchEma} keeps in each step.
 *
 * @param mu after the warm-up, from 0 to below 1
 * @param steps T, above 0 unless there is no warm-up
 * @param ratio q, above 0 and at most 1
 */
record SwitchEmaMemory(double mu, Warmup warmup, int steps, double ratio) {

    /** How mu starts. */
    enum Warmup {
        NONE,
        CONSTANT,
        LINEAR,
        EXP
    }

    /**
     * What takes mu's place.
     *
     * @param taken steps taken before this one
     */
    double at(long taken) {
        if (taken > steps) {
            return mu;
        }
        double left = 1 - (double) taken / steps;
        return switch (warmup) {
            case NONE -> mu;
            case CONSTANT -> ratio * mu;
            case LINEAR -> (1 - left * (1 - ratio)) * mu;
            case EXP -> Math.pow(ratio, left) * mu;
        };
    }
}
