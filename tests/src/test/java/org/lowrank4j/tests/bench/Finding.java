package org.lowrank4j.tests.bench;

import org.lowrank4j.tests.pages.Spread;

/**
 * One measured quantity, with its budget if it has one.
 *
 * @param part of the benchmark
 * @param setting network, width and batch, or what else was varied
 * @param quantity what was measured
 * @param unit empty for a ratio
 * @param budget the greatest median allowed, NaN for none
 */
record Finding(String part, String setting, String quantity, String unit, Spread value, double budget) {

    static Finding of(String part, String setting, String quantity, String unit, Spread value) {
        return new Finding(part, setting, quantity, unit, value, Double.NaN);
    }

    Finding within(double greatest) {
        return new Finding(part, setting, quantity, unit, value, greatest);
    }

    boolean hasBudget() {
        return !Double.isNaN(budget);
    }

    boolean met() {
        return value.median() <= budget;
    }

    /** met, missed, or nothing where there is no budget. */
    String verdict() {
        if (!hasBudget()) {
            return "";
        }
        return met() ? "met" : "missed";
    }
}
