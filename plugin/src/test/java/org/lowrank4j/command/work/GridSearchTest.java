package org.lowrank4j.command.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.command.work.GridSearch.Candidate;
import org.lowrank4j.command.work.GridSearch.Trials;

/** Searches in losses that are formulas. */
class GridSearchTest {

    private static final int STEPS = 320;

    private final List<Integer> lengths = new ArrayList<>();

    private static List<Double> rates(int count) {
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rates.add(1e-5 * Math.pow(2, i));
        }
        return rates;
    }

    private Candidate best(List<Double> rates, List<Integer> ranks, Trials trials) throws IOException {
        return new GridSearch(rates, ranks, STEPS, (candidate, steps) -> {
                    lengths.add(steps);
                    return trials.loss(candidate, steps);
                })
                .best();
    }

    private static double distance(double rate, double from) {
        return Math.pow(Math.log(rate / from) / Math.log(2), 2);
    }

    /** Wherever the valley is, and though short trials see it up to a factor of four from there. */
    @Test
    void itFindsTheValleyWhereverItIs() throws IOException {
        List<Double> rates = rates(18);
        for (double valley : rates) {
            for (double shift : new double[] {0.25, 1, 4}) {
                lengths.clear();
                Candidate best = best(
                        rates,
                        List.of(),
                        (candidate, steps) ->
                                1 + 0.1 * distance(candidate.rate(), steps < STEPS / 4 ? valley * shift : valley));
                assertEquals(valley, best.rate(), "a shift of " + shift);
                assertTrue(lengths.stream().mapToInt(Integer::intValue).sum() <= 0.25 * STEPS * rates.size());
            }
        }
    }

    /** The second best of the round before must be better by more than noise. */
    @Test
    void aDifferenceOfNoiseDoesNotCount() throws IOException {
        List<Double> rates = rates(18);
        double valley = rates.get(9);
        for (double gain : new double[] {0.005, 0.02}) {
            Candidate best = best(
                    rates,
                    List.of(),
                    (candidate, steps) -> 1
                            + 0.1 * distance(candidate.rate(), 1.1 * valley)
                            - (steps == STEPS && candidate.rate() == rates.get(10)
                                    ? gain
                                            + 0.1 * distance(rates.get(10), 1.1 * valley)
                                            - 0.1 * distance(valley, 1.1 * valley)
                                    : 0));
            assertEquals(gain < 0.01 ? valley : rates.get(10), best.rate(), "a gain of " + gain);
        }
    }

    @Test
    void ofWhatDivergesItGoesDown() throws IOException {
        List<Double> rates = rates(18);
        Candidate best = best(
                rates,
                List.of(),
                (candidate, steps) -> steps >= STEPS / 4 && candidate.rate() > 1e-4
                        ? Double.POSITIVE_INFINITY
                        : 10 - candidate.rate());
        assertEquals(8e-5, best.rate(), 1e-12);
    }

    @Test
    void whereNothingIsFiniteItSaysSo() {
        assertThrows(
                LowRankException.class,
                () -> best(rates(6), List.of(2, 4), (candidate, steps) -> Double.POSITIVE_INFINITY));
    }

    @Test
    void ranksAreNeighboursToo() throws IOException {
        Candidate best = best(
                rates(9),
                List.of(8, 2, 4),
                (candidate, steps) -> distance(candidate.rate(), 4e-5 * candidate.rank()) + 1.0 / candidate.rank());
        assertEquals(8, best.rank());
        assertEquals(3.2e-4, best.rate(), 1e-12);
    }

    @Test
    void theEdgeIsWhereABetterRateMayLieBeyond() {
        GridSearch search = new GridSearch(List.of(0.1, 0.01), List.of(), 8, (candidate, steps) -> 0);
        assertTrue(search.isEdge(0.1) && search.isEdge(0.01));
        assertFalse(new GridSearch(List.of(0.1), List.of(), 8, (candidate, steps) -> 0).isEdge(0.1));
        assertEquals(List.of(new Candidate(0.01, null), new Candidate(0.1, null)), search.grid());
    }
}
