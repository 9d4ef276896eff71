package org.lowrank4j.tests.pages.merging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.adapter.Adapter;

class ReconstructionTest {

    private static final int POSITIONS = SmallAdapters.INPUTS + SmallAdapters.OUTPUTS;

    @Test
    void theMeasuredErrorIsTheDroppedSpectrum() {
        Map<String, Adapter> adapters = SmallAdapters.some(4);
        double last = Double.POSITIVE_INFINITY;
        for (int basis = 1; basis <= 2; basis++) {
            Reconstruction reconstruction = Reconstruction.of(adapters, basis);
            assertTrue(reconstruction.error() > 0.01 * reconstruction.energy(), "something is dropped");
            assertTrue(reconstruction.error() < last, "a larger basis keeps more");
            assertEquals(reconstruction.dropped(), reconstruction.error(), 1e-6 * reconstruction.energy());
            assertTrue(reconstruction.difference() < MergingClaims.ROUNDING);
            last = reconstruction.error();
        }
    }

    @Test
    void aWholeBasisGivesTheAdaptersBackInTheirOrder() {
        Map<String, Adapter> adapters = SmallAdapters.some(4);
        Reconstruction whole = Reconstruction.of(adapters, 3);
        assertEquals(0, whole.error(), 1e-10 * whole.energy());
        int task = 0;
        for (Adapter adapter : adapters.values()) {
            assertEquals(
                    0,
                    SmallAdapters.distance(
                            SmallAdapters.change(adapter),
                            SmallAdapters.change(whole.rebuilt().get(task++))),
                    1e-4);
        }
    }

    @Test
    void numbersAreMeanBasisAndCoefficients() {
        int basis = 2;
        int tasks = 4;
        int perPosition = SmallAdapters.RANK + basis * SmallAdapters.RANK + basis * tasks;
        assertEquals(
                (long) POSITIONS * perPosition,
                Reconstruction.of(SmallAdapters.some(tasks), basis).numbers());
    }

    @Test
    void aDifferenceShows() {
        assertEquals(0.25, new Reconstruction(1, List.of(), 10, 3, 1, 8).difference());
        assertEquals(0.25, new Reconstruction(1, List.of(), 10, 1, 3, 8).difference());
    }
}
