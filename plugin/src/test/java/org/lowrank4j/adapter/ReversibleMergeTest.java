package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ReversibleMergeTest {

    private static Map<String, Adapter> adapters(int count, int rank) {
        Map<String, Adapter> adapters = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            LayerAdapter layer = SmallNetworks.layer(10L * i, 12, 10, rank);
            adapters.put(
                    "task" + i,
                    new Adapter(
                            Map.of("one", layer),
                            Map.of("out", Map.of("b", SmallNetworks.random(i, 3))),
                            null,
                            Map.of("task", Integer.toString(i))));
        }
        return adapters;
    }

    @Test
    void theErrorIsTheDroppedSpectrum() {
        Map<String, Adapter> adapters = adapters(6, 4);
        double last = Double.POSITIVE_INFINITY;
        for (int p = 1; p <= 4; p++) {
            ReversibleMerge merge = ReversibleMerge.of(adapters, p);
            double error = 0;
            for (String name : merge.names()) {
                LayerAdapter own = adapters.get(name).layer("one");
                INDArray[] aligned = ReversibleMerge.aligned(own.a().mul(own.scale()), own.b(), 4);
                LayerAdapter rebuilt = merge.rebuilt(name).layer("one");
                error += squared(aligned[0].sub(rebuilt.a().castTo(DataType.DOUBLE)))
                        + squared(aligned[1].sub(rebuilt.b().castTo(DataType.DOUBLE)));
            }
            assertEquals(merge.droppedEnergy("one"), error, 1e-5 * (1 + error));
            assertTrue(merge.droppedEnergy("one") < last);
            last = merge.droppedEnergy("one");
            // (p (r + n) + r) / (r n) per position, for the 12 rows of A and the 10 columns of B.
            assertEquals((p * (4 + 6) + 4) / (4.0 * 6), merge.storageRatio(), 1e-12);
        }
        assertEquals(0, last, 1e-12);
    }

    private static double squared(INDArray array) {
        double norm = array.norm2Number().doubleValue();
        return norm * norm;
    }

    @Test
    void aFullBasisGivesEveryAdapterBack() {
        Map<String, Adapter> adapters = adapters(3, 5);
        ReversibleMerge merge = ReversibleMerge.of(adapters, 2);
        adapters.forEach((name, adapter) -> {
            Adapter rebuilt = merge.rebuilt(name);
            assertTrue(
                    adapter.layer("one")
                            .product()
                            .equalsWithEps(rebuilt.layer("one").product(), 1e-5),
                    name);
            assertEquals(adapter.parameters(), rebuilt.parameters());
            assertEquals(adapter.metadata(), rebuilt.metadata());
        });
    }

    @Test
    void howAProductIsSplitDoesNotMatter() {
        Map<String, Adapter> adapters = adapters(5, 3);
        Map<String, Adapter> turned = new LinkedHashMap<>(adapters);
        LayerAdapter layer = adapters.get("task1").layer("one");
        INDArray turn = Nd4j.create(new double[][] {{0, 3, 0}, {-1, 0, 0}, {0, 0, 0.1}});
        INDArray back = Nd4j.create(new double[][] {{0, -1, 0}, {1 / 3.0, 0, 0}, {0, 0, 10}});
        turned.put(
                "task1",
                new Adapter(Map.of(
                        "one",
                        new LayerAdapter(
                                layer.a().castTo(DataType.DOUBLE).mmul(turn),
                                back.mmul(layer.b().castTo(DataType.DOUBLE)),
                                layer.alpha(),
                                Scaling.STANDARD,
                                null))));
        ReversibleMerge expected = ReversibleMerge.of(adapters, 2);
        ReversibleMerge actual = ReversibleMerge.of(turned, 2);
        assertEquals(expected.droppedEnergy("one"), actual.droppedEnergy("one"), 1e-6);
        assertTrue(expected.rebuilt("task1")
                .layer("one")
                .product()
                .equalsWithEps(actual.rebuilt("task1").layer("one").product(), 1e-5));
    }

    @Test
    void theOrderOfTheAdaptersDoesNotMatter() {
        Map<String, Adapter> adapters = adapters(5, 3);
        List<String> names = new ArrayList<>(adapters.keySet());
        Collections.reverse(names);
        Map<String, Adapter> reversed = new LinkedHashMap<>();
        names.forEach(name -> reversed.put(name, adapters.get(name)));
        ReversibleMerge expected = ReversibleMerge.of(adapters, 2);
        ReversibleMerge actual = ReversibleMerge.of(reversed, 2);
        for (String name : names) {
            assertTrue(expected.rebuilt(name)
                    .layer("one")
                    .product()
                    .equalsWithEps(actual.rebuilt(name).layer("one").product(), 1e-5));
        }
    }

    @Test
    void lowerRanksAreFilledUp() {
        Map<String, Adapter> adapters = adapters(4, 3);
        adapters.put("low", new Adapter(Map.of("one", SmallNetworks.layer(77, 12, 10, 1))));
        ReversibleMerge merge = ReversibleMerge.of(adapters, 3);
        assertTrue(adapters.get("low")
                .layer("one")
                .product()
                .equalsWithEps(merge.rebuilt("low").layer("one").product(), 1e-5));
    }

    @Test
    void whatCannotBeMergedIsRefused() {
        Map<String, Adapter> adapters = adapters(3, 2);
        assertRefused("at least two adapters", () -> ReversibleMerge.of(adapters(1, 2), 1));
        assertRefused("can have 1 to 2 vectors", () -> ReversibleMerge.of(adapters, 3));
        assertRefused("can have 1 to 2 vectors", () -> ReversibleMerge.of(adapters, 0));
        ReversibleMerge merge = ReversibleMerge.of(adapters, 1);
        assertRefused("Did you mean 'task0'?", () -> merge.rebuilt("tsak0"));
        assertRefused("has no layer 'two'", () -> merge.droppedEnergy("two"));
        Map<String, Adapter> other = new LinkedHashMap<>(adapters);
        other.put("x", new Adapter(Map.of("two", SmallNetworks.layer(1, 12, 10, 2))));
        assertRefused("has the layers [two]", () -> ReversibleMerge.of(other, 1));
        other.put("x", new Adapter(Map.of("one", SmallNetworks.layer(1, 12, 11, 2))));
        assertRefused("is for a weight of 12 x 11", () -> ReversibleMerge.of(other, 1));
        LayerAdapter layer = SmallNetworks.layer(1, 12, 10, 2);
        other.put(
                "x",
                new Adapter(Map.of(
                        "one",
                        new LayerAdapter(layer.a(), layer.b(), 1, Scaling.STANDARD, SmallNetworks.random(1, 10)))));
        assertRefused("has magnitudes (DoRA)", () -> ReversibleMerge.of(other, 1));
    }

    private static void assertRefused(String why, Runnable wrong) {
        LowRankException refused = assertThrows(LowRankException.class, wrong::run);
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
