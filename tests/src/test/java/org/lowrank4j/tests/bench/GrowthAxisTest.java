package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GrowthAxisTest {

    private static final Workload DENSE = new Workload("cg", 1024, 32, 4, 8, "adam", "iterator");

    @ParameterizedTest
    @EnumSource
    void onlyOneThingVaries(GrowthAxis axis) {
        List<Workload> workloads = axis.workloads(DENSE, false);
        assertEquals(5, workloads.size());
        assertEquals(5, new HashSet<>(workloads).size());
        for (int i = 1; i < workloads.size(); i++) {
            assertTrue(axis.of(workloads.get(i)) > axis.of(workloads.get(i - 1)));
        }
        assertEquals(List.of(workloads.get(0), workloads.get(2), workloads.get(4)), axis.workloads(DENSE, true));
        assertEquals(axis.isDense(), axis.isOf(List.of("cg")));
        assertTrue(axis.isOf(List.of(workloads.get(0).network(), "mln")));
        assertFalse(axis.isOf(List.of("resnet50")));
    }

    @Test
    void powersAreSlopesOfLogarithms() {
        assertEquals(1.5, Slope.ofLogarithms(new double[] {1, 4, 16}, new double[] {2, 16, 128}), 1e-12);
    }
}
