package org.lowrank4j.tests.pages.published;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.lowrank4j.tests.pages.published.Finding.Form;
import org.lowrank4j.tests.pages.published.Finding.Outcome;

class FindingTest {

    private static final double[] LOW = {0.10, 0.20, 0.30};
    private static final double[] HIGH = {0.15, 0.26, 0.34};
    private static final double[] MIXED = {0.05, 0.26, 0.31};

    @Test
    void differencesAreTakenSeedBySeed() {
        // The seeds differ by more than the arms do.
        assertEquals(Outcome.HOLDS, Finding.higher("", Form.LOSS, HIGH, LOW, 0).outcome());
        assertEquals(
                Outcome.DOES_NOT_HOLD,
                Finding.higher("", Form.LOSS, LOW, HIGH, 0).outcome());
        assertEquals(Outcome.HOLDS, Finding.lower("", Form.LOSS, LOW, HIGH).outcome());
        assertEquals(Outcome.OPEN, Finding.lower("", Form.LOSS, LOW, MIXED).outcome());
    }

    @Test
    void whatIsToBeAsGoodFailsOnAClearDifferenceOnly() {
        assertEquals(Outcome.HOLDS, Finding.asLow("", Form.LOSS, MIXED, LOW).outcome());
        assertEquals(Outcome.HOLDS, Finding.asLow("", Form.LOSS, LOW, HIGH).outcome());
        assertEquals(
                Outcome.DOES_NOT_HOLD, Finding.asLow("", Form.LOSS, HIGH, LOW).outcome());
    }

    @Test
    void numbersAreInTheOrderOfTheStatement() {
        assertEquals(
                "0.2500 against 0.2000", Finding.lower("", Form.LOSS, HIGH, LOW).numbers());
        assertEquals(
                "20.00 % against 25.00 %",
                Finding.higher("", Form.PERCENT, LOW, HIGH, 0).numbers());
    }

    @Test
    void aMeanHasItsSpread() {
        assertEquals("20.00 +- 10.00 %", Form.PERCENT.of(LOW));
        assertEquals("0.2000 +- 0.1000", Form.LOSS.of(LOW));
        assertEquals("1,234", Form.COUNT.of(new double[] {1234, 1234}));
        assertEquals("1.5 MiB", Form.MEBIBYTES.of(1.5 * 1024 * 1024));
    }
}
