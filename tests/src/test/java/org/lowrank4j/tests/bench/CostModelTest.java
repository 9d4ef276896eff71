package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CostModelTest {

    /** Without memory traffic and without arithmetic, to look at either alone. */
    private static final CostModel ARITHMETIC = new CostModel(1, Double.POSITIVE_INFINITY);

    private static final CostModel TRAFFIC = new CostModel(Double.POSITIVE_INFINITY, 4);
    private static final CostModel MACHINE = new CostModel(5e10, 1e10);
    private static final Workload W = new Workload("mln", 100, 10, 3, 4, "adam", "dataset");

    @Test
    void countsTheProductsOfTheFloor() {
        // Three forward, two epsilon, and the head's two.
        double product = 2.0 * 10 * 100 * 100;
        double head = 2.0 * 10 * 100 * 10;
        assertEquals(5 * product + 2 * head, ARITHMETIC.floor(W));
        assertEquals(5 * (10 * 100 + 100 * 100 + 10 * 100) + 2 * (10 * 100 + 100 * 10 + 10 * 10), TRAFFIC.floor(W));
    }

    @Test
    void countsFourProductsAndTheUpdaterOfStock() {
        double product = 2.0 * 10 * 100 * 100;
        assertEquals(3 * 4 * product + 4 * (2.0 * 10 * 100 * 10), ARITHMETIC.stock(W));
        double adamOverSgd = TRAFFIC.stock(W) - TRAFFIC.stock(W.withUpdater("sgd"));
        assertEquals(3 * 4 * (100 * 100 + 100), adamOverSgd, 1e-6);
    }

    @Test
    void countsTheAdapters() {
        double skinny = 2.0 * 10 * 100 * 4;
        double move = 2.0 * 100 * 8 * 100;
        double head = 2 * (2.0 * 10 * 100 * 10);
        assertEquals(ARITHMETIC.floor(W) + 3 * (4 * skinny + move) + head, ARITHMETIC.moved(W), 1e-6);
        // Two products of rank 4, three of rank 8 and above the first layer a fourth.
        Workload fit = W.withFit("iterator");
        assertEquals(
                ARITHMETIC.floor(W) + 3 * ((2 + 3 * 2) * skinny + move / fit.minibatches()) + 2 * 2 * skinny + head,
                ARITHMETIC.lagging(fit),
                1e-6);
    }

    @Test
    void aMoveReadsAndWritesTheWholeOfW() {
        double withMove = TRAFFIC.moved(W);
        double withoutMove = withMove - 3 * (2 * 100 * 100 + 4 * 100 * 4);
        double factor = 10 * 100 + 100 * 4 + 10 * 4;
        double updater = 13 * 2 * 100 * 4 + 9 * 10 * 100;
        double head = 2 * (10 * 100 + 100 * 10 + 10 * 10) + 11 * 100 * 10;
        assertEquals(TRAFFIC.floor(W) + 3 * (4 * factor + updater) + head, withoutMove, 1e-6);
    }

    @Test
    void followsTheEnginesChoice() {
        Workload fit = new Workload("mln", 1024, 32, 4, 8, "adam", "iterator");
        assertTrue(CostModel.lags(fit));
        assertFalse(CostModel.lags(fit.withBatch(512)));
        assertFalse(CostModel.lags(fit.withWidth(256)));
        assertFalse(CostModel.lags(fit.withFit("dataset")));
        assertEquals(MACHINE.lagging(fit), MACHINE.lora(fit));
        assertEquals(MACHINE.moved(fit.withFit("dataset")), MACHINE.lora(fit.withFit("dataset")));
        assertTrue(MACHINE.lagging(fit) < MACHINE.moved(fit));
    }

    @Test
    void growsAsTheCountsSay() {
        Workload large = new Workload("mln", 4096, 256, 4, 8, "adam", "dataset");
        assertEquals(4, MACHINE.stock(large.withWidth(8192)) / MACHINE.stock(large), 0.1);
        assertEquals(2, MACHINE.floor(large.withBatch(512)) / MACHINE.floor(large), 0.05);
        assertEquals(2, MACHINE.moved(large.withDepth(8)) / MACHINE.moved(large), 0.2);
        assertTrue(MACHINE.moved(large.withRank(64)) < 1.5 * MACHINE.moved(large));
        assertTrue(MACHINE.floor(large) < MACHINE.moved(large) && MACHINE.moved(large) < MACHINE.stock(large));
    }
}
