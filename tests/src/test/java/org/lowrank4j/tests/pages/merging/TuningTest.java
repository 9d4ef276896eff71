package org.lowrank4j.tests.pages.merging;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Combination.Weighted;
import org.nd4j.linalg.api.ndarray.INDArray;

class TuningTest {

    private static final int RANK = SmallAdapters.RANK;

    private final Map<String, Adapter> adapters = SmallAdapters.some(3);

    private List<Weighted> parts(double weight) {
        return adapters.values().stream()
                .map(adapter -> new Weighted(adapter, weight))
                .toList();
    }

    /** What a choice of the weight after the merge rests on. */
    @ParameterizedTest
    @EnumSource(Way.class)
    void aSharedWeightCanBePutOnTheResult(Way way) {
        INDArray before = SmallAdapters.change(way.merge(parts(0.25), 0.5, RANK));
        INDArray after = SmallAdapters.change(way.merge(parts(1), 0.5, RANK)).mul(0.25);
        assertEquals(
                0, SmallAdapters.distance(before, after) / after.norm2Number().doubleValue(), 1e-5);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void theBestOfAllCandidatesIsChosen(Way way) {
        double density = way.thins ? 0.8 : 1;
        INDArray wanted = SmallAdapters.change(way.merge(parts(0.5), density, RANK));
        Tuning.Choice choice = Tuning.best(
                way,
                adapters.values(),
                RANK,
                adapter -> -SmallAdapters.distance(SmallAdapters.change(adapter), wanted));
        assertEquals(0.5, choice.weight());
        assertEquals(density, choice.density());
        assertEquals(0, choice.worth(), 1e-3);
        assertEquals(0, SmallAdapters.distance(SmallAdapters.change(choice.adapter()), wanted), 1e-3);
        assertEquals(way.thins ? "weight 0.5, density 0.8" : "weight 0.5", choice.shown());
    }

    @Test
    void aWeightAtTheEdgeIsMarked() {
        Tuning.Choice choice = Tuning.best(
                Way.LINEAR,
                adapters.values(),
                RANK,
                adapter -> SmallAdapters.change(adapter).norm2Number().doubleValue());
        assertEquals("weight 2 *", choice.shown());
    }

    @Test
    void ranksOfTheResults() {
        for (Way way : Way.values()) {
            int rank = way.merge(parts(1), 0.5, RANK).layer("hidden").rank();
            assertEquals(way == Way.CONCATENATION ? 3 * RANK : RANK, rank, way.title);
        }
    }
}
