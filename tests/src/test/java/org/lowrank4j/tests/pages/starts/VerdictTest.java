package org.lowrank4j.tests.pages.starts;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.lowrank4j.tests.pages.starts.Claim.Check;
import org.lowrank4j.tests.pages.starts.Claim.Expectation;

class VerdictTest {

    private static final Metric STEPS = Metric.stepsTo(0.3);

    private static String cell(Metric metric, Expectation expectation, double[] arm, double[] other) {
        return Verdict.of(new Check(metric, expectation, "other"), arm, other, 400)
                .cell();
    }

    private static String better(Metric metric, double[] arm, double[] other) {
        return cell(metric, Expectation.BETTER, arm, other);
    }

    private static String asGood(Metric metric, double[] arm, double[] other) {
        return cell(metric, Expectation.NOT_WORSE, arm, other);
    }

    @Test
    void fewerStepsAreBetter() {
        double[] few = {46, 47, 48};
        double[] many = {66, 67, 68};
        assertEquals("yes (47 against 67)", better(STEPS, few, many));
        assertEquals("no (67 against 47)", better(STEPS, many, few));
    }

    @Test
    void aHigherAccuracyIsBetter() {
        double[] low = {0.94, 0.95, 0.96};
        double[] high = {0.95, 0.96, 0.97};
        assertEquals("yes (96.00 % against 95.00 %)", better(Metric.ACCURACY, high, low));
        assertEquals("no (95.00 % against 96.00 %)", asGood(Metric.ACCURACY, low, high));
    }

    @Test
    void seedsArePaired() {
        // The values overlap widely, but each seed shows the same small gain.
        assertEquals(
                "yes (0.490 against 0.500)",
                better(Metric.lossAfter(20), new double[] {0.19, 0.49, 0.79}, new double[] {0.2, 0.5, 0.8}));
        // The same means, one seed against the others: no gain that is larger than its spread.
        assertEquals(
                "open (0.490 against 0.500)",
                better(Metric.lossAfter(20), new double[] {0.79, 0.49, 0.19}, new double[] {0.2, 0.5, 0.8}));
    }

    @Test
    void aDifferenceWithinTheSpreadRefutesNothing() {
        double[] one = {0.90, 0.95};
        double[] two = {0.95, 0.91};
        assertEquals("open (92.50 % against 93.00 %)", better(Metric.ACCURACY, one, two));
        assertEquals("yes (92.50 % against 93.00 %)", asGood(Metric.ACCURACY, one, two));
    }

    @Test
    void equalNumbersAreNotBetter() {
        double[] same = {14_986, 14_986};
        assertEquals("open (14,986 against 14,986)", better(Metric.TRAINED, same, same));
        assertEquals("yes (14,986 against 14,986)", asGood(Metric.TRAINED, same, same));
    }

    @Test
    void aLossNeverReachedIsWorseThanOneReached() {
        assertEquals("yes (300 against > 400)", better(STEPS, new double[] {300}, new double[] {401}));
    }

    @Test
    void whatATaskDoesNotHaveIsNotJudged() {
        assertEquals("", better(Metric.KEPT, new double[] {Double.NaN}, new double[] {Double.NaN}));
    }
}
