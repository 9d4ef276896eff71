package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.lowrank4j.tests.pages.Claim.Outcome;

class ClaimTest {

    private static final double[] LOW = {0.10, 0.20, 0.30};
    private static final double[] HIGH = {0.15, 0.26, 0.34};
    private static final double[] MIXED = {0.05, 0.26, 0.31};

    @Test
    void differencesAreTakenSeedBySeed() {
        // The seeds differ by more than the arms do.
        assertEquals(Outcome.YES, Claim.higher("", Form.LOSS, HIGH, LOW, 0).outcome());
        assertEquals(Outcome.NO, Claim.higher("", Form.LOSS, LOW, HIGH, 0).outcome());
        assertEquals(Outcome.YES, Claim.lower("", Form.LOSS, LOW, HIGH).outcome());
        assertEquals(Outcome.OPEN, Claim.lower("", Form.LOSS, LOW, MIXED).outcome());
    }

    @Test
    void whatIsToBeAsGoodFailsOnAClearDifferenceOnly() {
        assertEquals(Outcome.YES, Claim.asLow("", Form.LOSS, MIXED, LOW).outcome());
        assertEquals(Outcome.YES, Claim.asLow("", Form.LOSS, LOW, HIGH).outcome());
        assertEquals(Outcome.NO, Claim.asLow("", Form.LOSS, HIGH, LOW).outcome());
    }

    @Test
    void numbersAreInTheOrderOfTheStatement() {
        assertEquals(
                "0.2500 against 0.2000", Claim.lower("", Form.LOSS, HIGH, LOW).numbers());
        assertEquals(
                "20.00 % against 25.00 %",
                Claim.higher("", Form.PERCENT, LOW, HIGH, 0).numbers());
    }

    @Test
    void aMeanHasItsSpread() {
        assertEquals("20.00 +- 10.00 %", Form.PERCENT.meanOf(LOW));
        assertEquals("0.2000 +- 0.1000", Form.LOSS.meanOf(LOW));
        assertEquals("1,234", Form.COUNT.meanOf(1234, 1234));
        assertEquals("1.5 MiB", Form.MEBIBYTES.apply(1.5 * 1024 * 1024));
    }
}
