package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkloadsTest {

    @Test
    void theUsualOnesAreAStarAroundTheFirstEntries() {
        List<Workload> workloads = Workloads.of(settings("--networks=mln,cg"));
        Workload centre = new Workload("mln", 1024, 32, 4, 8, "adam", "iterator");
        assertEquals(centre, workloads.get(0));
        // Two networks at three batches, then one more fit and updater, two more ranks, three more widths.
        assertEquals(2 * 3 + 1 + 1 + 2 + 3, workloads.size());
        assertTrue(workloads.contains(centre.withNetwork("cg").withBatch(256)));
        assertTrue(workloads.contains(centre.withRank(64)));
        assertTrue(workloads.contains(centre.withFit("dataset")));
        assertEquals(workloads.size(), new HashSet<>(workloads).size());
    }

    @Test
    void fullMeansEveryCombination() {
        List<Workload> workloads = Workloads.of(settings("--full", "--networks=mln,cg"));
        assertEquals(2 * 4 * 3 * 3 * 2 * 2, workloads.size());
        assertTrue(workloads.contains(new Workload("cg", 4096, 8, 4, 64, "sgd", "dataset")));
        assertEquals(workloads.size(), new HashSet<>(workloads).size());
    }

    @Test
    void otherNetworksHaveTheirOwnRowsUnlessTold() {
        assertEquals(3, Workloads.of(settings("--networks=conv")).size());
        List<Workload> told = Workloads.of(settings("--networks=lstm", "--widths=32", "--sizes=5,9", "--batches=2"));
        assertEquals(2, told.size());
        assertEquals("lstm 2x32 of 9 batch 2 rank 8 adam iterator", told.get(1).label());
    }

    private static SpeedSettings settings(String... arguments) {
        return SpeedSettingsTest.settings(arguments);
    }
}
