package org.lowrank4j.tests.pages.rates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import digits.DigitSet;
import digits.Digits;
import digits.Domain;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.command.work.GridSearch;

/** The search for a rate against all rates in full: near the best of them, for about a fifth of the steps. */
@Tag("slow")
class RateSearchTest {

    private static final int STEPS = 160;
    private static Lesson lesson;

    @BeforeAll
    static void learnDigits() throws Exception {
        DigitSet digits = Digits.load(Digits.DRAWN).train();
        lesson = new Lesson("turned", digits.in(Domain.INVERTED_ROTATED), digits, Lesson.learned(digits, STEPS, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lora", "dora", "vera", "lora-fa", "galore"})
    void aRateWithinAFactorOfTwoOfTheBest(String name) throws Exception {
        Contender contender = Contender.adapting().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        List<Double> rates = Race.rates(Rates.RATES);
        Map<Double, double[]> all = new HashMap<>();
        for (double rate : rates) {
            MultiLayerNetwork network = lesson.network(contender.at(rate), 1);
            all.put(rate, lesson.losses(network, STEPS, 1));
        }
        int[] cost = new int[1];
        // A short trial is the beginning of a long one.
        double found = new GridSearch(rates, List.of(), STEPS, (candidate, steps) -> {
                    cost[0] += steps;
                    return Race.loss(all.get(candidate.rate()), steps);
                })
                .best()
                .rate();
        double best = rates.stream()
                .min((one, other) -> Double.compare(Race.loss(all.get(one), STEPS), Race.loss(all.get(other), STEPS)))
                .orElseThrow();
        assertEquals(0, Math.log(found / best) / Math.log(2), 1.001, found + " where the best is " + best);
        assertTrue(cost[0] <= 0.22 * STEPS * rates.size(), cost[0] + " steps");
    }
}
