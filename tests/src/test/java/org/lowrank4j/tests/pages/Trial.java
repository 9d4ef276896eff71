package org.lowrank4j.tests.pages;

import java.util.List;

/**
 * Networks to train in one way, one after the other.
 *
 * @param rates ascending
 * @param criterion which of the rates is the best one, on a seed that chooses and measures nothing; null to train with all of
 *     them on every seed
 * @param seeds to train with, for numbers that a page shows
 */
record Trial(Training training, List<Double> rates, Criterion criterion, List<Integer> seeds) {

    /** How many networks that is. */
    int networks() {
        return criterion == null ? rates.size() * seeds.size() : rates.size() + seeds.size();
    }
}
