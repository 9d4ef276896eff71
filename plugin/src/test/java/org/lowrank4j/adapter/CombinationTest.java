package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Combination.Weighted;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class CombinationTest {

    private final Adapter first = SmallNetworks.adapter(1, SmallNetworks.sequential(1));
    private final Adapter second = SmallNetworks.adapter(2, SmallNetworks.sequential(1));
    private final List<Weighted> both = List.of(new Weighted(first, 0.7), new Weighted(second, -0.4));

    private INDArray exact(String layer) {
        return first.layer(layer)
                .product()
                .mul(0.7)
                .sub(second.layer(layer).product().mul(0.4));
    }

    @Test
    void concatenationIsExact() {
        Adapter all = Combination.concatenated(both);
        assertEquals(6, all.layer("one").rank());
        assertEquals(1.0, all.layer("one").scale());
        assertTrue(exact("one").equalsWithEps(all.layer("one").product(), 1e-6));
        assertTrue(exact("two").equalsWithEps(all.layer("two").product(), 1e-6));
        assertEquals(first.base(), all.base());
        assertEquals("0.7 -0.4", all.metadata().get("combination.weights"));
    }

    @Test
    void aLayerOfOneAdapterKeepsItsOwnWeight() {
        Adapter small = new Adapter(Map.of("one", second.layer("one")));
        Adapter all = Combination.concatenated(List.of(new Weighted(first, 2), new Weighted(small, 1)));
        assertTrue(first.layer("two")
                .product()
                .mul(2)
                .equalsWithEps(all.layer("two").product(), 1e-6));
        assertEquals(null, all.base());
    }

    @Test
    void truncationIsTheClosestOfItsRank() {
        for (int rank : new int[] {1, 2, 4, 6, 9}) {
            LayerAdapter cut = Combination.truncated(both, rank).layer("one");
            assertEquals(Math.min(rank, 6), cut.rank());
            double[] values = ThinSvd.of(exact("one")).singularValues();
            double dropped = 0;
            for (int i = rank; i < values.length; i++) {
                dropped += values[i] * values[i];
            }
            double error = exact("one").sub(cut.product()).norm2Number().doubleValue();
            assertEquals(Math.sqrt(dropped), error, 1e-5);
        }
    }

    @Test
    void linearHasCrossTerms() {
        List<Weighted> parts = List.of(new Weighted(first, 0.5), new Weighted(second, 2));
        LayerAdapter linear = Combination.linear(parts).layer("one");
        // Both have s = 2, so the roots are 1 and 2.
        LayerAdapter one = first.layer("one");
        LayerAdapter other = second.layer("one");
        assertTrue(one.a().add(other.a().mul(2)).equalsWithEps(linear.a(), 1e-6));
        assertTrue(one.b().add(other.b().mul(2)).equalsWithEps(linear.b(), 1e-6));
        INDArray sum = one.product().mul(0.5).add(other.product().mul(2));
        assertFalse(sum.equalsWithEps(linear.product(), 1e-2));
    }

    @Test
    void slerpIsAsLongAsTheChangesAre() {
        INDArray one = first.layer("one").product();
        INDArray other = second.layer("one").product();
        Adapter longer = Combination.concatenated(List.of(new Weighted(
                second, one.norm2Number().doubleValue() / other.norm2Number().doubleValue())));
        List<Weighted> halves = List.of(new Weighted(first, 0.5), new Weighted(longer, 0.5));
        INDArray between = Combination.slerp(halves, null).layer("one").product();
        assertEquals(one.norm2Number().doubleValue(), between.norm2Number().doubleValue(), 1e-5);
        INDArray mean = Combination.concatenated(halves).layer("one").product();
        assertTrue(mean.norm2Number().doubleValue() < 0.9 * one.norm2Number().doubleValue());
        assertEquals(2, Combination.slerp(halves, 2).layer("one").rank());
    }

    @Test
    void slerpOfOneIsThatOneAndOfOppositesIsRefused() {
        INDArray same = Combination.slerp(List.of(new Weighted(first, 0.3), new Weighted(first, 0.7)), null)
                .layer("one")
                .product();
        assertTrue(first.layer("one").product().equalsWithEps(same, 1e-5));
        Adapter back = Combination.concatenated(List.of(new Weighted(first, -1)));
        List<Weighted> opposite = List.of(new Weighted(first, 0.5), new Weighted(back, 0.5));
        LowRankException refused = assertThrows(LowRankException.class, () -> Combination.slerp(opposite, null));
        assertTrue(refused.getMessage().contains("opposite ways"), refused.getMessage());
        refused = assertThrows(LowRankException.class, () -> Combination.slerp(both, null));
        assertTrue(refused.getMessage().contains("[0.7, -0.4]"), refused.getMessage());
    }

    @Test
    void aNegativeWeightTakesAway() {
        LayerAdapter negative =
                Combination.linear(List.of(new Weighted(first, -1))).layer("one");
        assertTrue(first.layer("one").product().neg().equalsWithEps(negative.product(), 1e-5));
    }

    @Test
    void tiesByHand() {
        INDArray one = Nd4j.create(new double[] {5, -1, 0.5, 4}, new long[] {1, 4}, 'c');
        INDArray two = Nd4j.create(new double[] {-3, -2, 6, 1}, new long[] {1, 4}, 'c');
        INDArray a = SparseMerge.largest(one, 0.5);
        INDArray b = SparseMerge.largest(two, 0.5);
        assertArrayEquals(new double[] {5, 0, 0, 4}, a.toDoubleVector());
        assertArrayEquals(new double[] {-3, 0, 6, 0}, b.toDoubleVector());
        // 5 - 3 > 0 elects 5; nothing; 6 alone; 4 alone.
        assertArrayEquals(
                new double[] {5, 0, 6, 4}, SparseMerge.elected(List.of(a, b)).toDoubleVector());
        // All kept: 5; the mean of -1 and -2; of 0.5 and 6; of 4 and 1.
        assertArrayEquals(
                new double[] {5, -1.5, 3.25, 2.5},
                SparseMerge.elected(List.of(one, two)).toDoubleVector());
        // A majority of mass is negative: only -3 has the sign.
        assertArrayEquals(
                new double[] {-3}, SparseMerge.elected(List.of(row(2), row(-3))).toDoubleVector());
    }

    private static INDArray row(double value) {
        return Nd4j.create(new double[] {value}, new long[] {1, 1}, 'c');
    }

    @Test
    void amongEqualMagnitudesExactlyAsManyStayAsAsked() {
        INDArray equal = Nd4j.ones(DataType.DOUBLE, 2, 5);
        assertEquals(3, SparseMerge.largest(equal, 0.3).sumNumber().intValue());
        assertEquals(1, SparseMerge.largest(equal, 1e-9).sumNumber().intValue());
        assertEquals(10, SparseMerge.largest(equal, 1).sumNumber().intValue());
    }

    @Test
    void droppingKeepsTheExpectedValue() {
        INDArray ones = Nd4j.ones(DataType.DOUBLE, 100, 200);
        INDArray dropped = SparseMerge.dropped(ones, 0.25, 3, "k");
        double kept = dropped.neq(0).castTo(DataType.DOUBLE).meanNumber().doubleValue();
        assertEquals(0.25, kept, 0.01);
        assertEquals(4.0, dropped.maxNumber().doubleValue());
        assertEquals(1, dropped.meanNumber().doubleValue(), 0.04);
        assertEquals(dropped, SparseMerge.dropped(ones, 0.25, 3, "k"));
        assertFalse(dropped.equals(SparseMerge.dropped(ones, 0.25, 4, "k")));
        assertFalse(dropped.equals(SparseMerge.dropped(ones, 0.25, 3, "l")));
        assertEquals(ones, SparseMerge.dropped(ones, 1, 3, "k"));
    }

    @Test
    void atFullDensityDareIsThePlainCombination() {
        assertTrue(Combination.linear(both)
                .layer("one")
                .product()
                .equalsWithEps(Combination.dare(both, 1, 5).layer("one").product(), 1e-6));
        assertTrue(exact("one")
                .equalsWithEps(
                        Combination.dareOfUpdates(both, 1, 5, 6).layer("one").product(), 1e-5));
    }

    @Test
    void onUpdatesTheSplitIntoFactorsDoesNotMatter() {
        LayerAdapter one = first.layer("one");
        INDArray turn = Nd4j.create(new double[][] {{0, 2, 0}, {1, 0, 0}, {0, 0, -4}});
        INDArray back = Nd4j.create(new double[][] {{0, 1, 0}, {0.5, 0, 0}, {0, 0, -0.25}});
        Adapter turned = new Adapter(Map.of(
                "one",
                new LayerAdapter(
                        one.a().castTo(DataType.DOUBLE).mmul(turn).castTo(DataType.FLOAT),
                        back.mmul(one.b().castTo(DataType.DOUBLE)).castTo(DataType.FLOAT),
                        one.alpha(),
                        Scaling.STANDARD,
                        null)));
        Adapter plain = new Adapter(Map.of("one", one));
        Adapter other = new Adapter(Map.of("one", second.layer("one")));
        INDArray expected = Combination.tiesOfUpdates(List.of(new Weighted(plain, 1), new Weighted(other, 1)), 0.4, 5)
                .layer("one")
                .product();
        INDArray actual = Combination.tiesOfUpdates(List.of(new Weighted(turned, 1), new Weighted(other, 1)), 0.4, 5)
                .layer("one")
                .product();
        assertTrue(expected.equalsWithEps(actual, 1e-4));
        assertFalse(Combination.ties(List.of(new Weighted(plain, 1), new Weighted(other, 1)), 0.4)
                .layer("one")
                .product()
                .equalsWithEps(
                        Combination.ties(List.of(new Weighted(turned, 1), new Weighted(other, 1)), 0.4)
                                .layer("one")
                                .product(),
                        1e-2));
    }

    @Test
    void parametersAreTakenOverWhereTheyAgree() {
        Adapter a = SmallNetworks.withOutput(1, SmallNetworks.sequential(1));
        Adapter all =
                Combination.concatenated(List.of(new Weighted(a, 1), new Weighted(a, 1), new Weighted(second, 1)));
        assertEquals(Set.of("W", "b"), all.parameters().get("out").keySet());
        Adapter b = SmallNetworks.withOutput(2, SmallNetworks.sequential(1));
        assertRefused(
                "different values of W of layer out",
                () -> Combination.concatenated(List.of(new Weighted(a, 1), new Weighted(b, 1))));
    }

    @Test
    void whatCannotBeCombinedIsRefused() {
        assertRefused("no adapter to combine", () -> Combination.linear(List.of()));
        assertRefused("must be a finite number", () -> new Weighted(first, Double.POSITIVE_INFINITY));
        assertRefused("at least 1, and it is 0", () -> Combination.truncated(both, 0));
        assertRefused("above 0 and at most 1, and it is 0.0", () -> Combination.ties(both, 0));
        assertRefused("and it is NaN", () -> Combination.dare(both, Double.NaN, 1));
        Adapter low = new Adapter(Map.of("one", SmallNetworks.layer(5, 12, 10, 1)));
        List<Weighted> ranks = List.of(new Weighted(first, 1), new Weighted(low, 1));
        assertRefused("layer one has the ranks [3, 1]", () -> Combination.linear(ranks));
        assertRefused("layer one has the ranks [3, 1]", () -> Combination.ties(ranks, 0.5));
        assertRefused("layer one has the ranks [3, 1]", () -> Combination.dare(ranks, 0.5, 1));
        Adapter narrow = new Adapter(Map.of("one", SmallNetworks.layer(5, 12, 9, 3)));
        assertRefused(
                "for weights of 12 x 10 and 12 x 9",
                () -> Combination.concatenated(List.of(new Weighted(first, 1), new Weighted(narrow, 1))));
        Adapter elsewhere = SmallNetworks.adapter(3, SmallNetworks.sequential(2));
        assertRefused(
                "different bases: W of layer one",
                () -> Combination.concatenated(List.of(new Weighted(first, 1), new Weighted(elsewhere, 1))));
        LayerAdapter layer = first.layer("one");
        Adapter dora = new Adapter(Map.of(
                "one", new LayerAdapter(layer.a(), layer.b(), 1, Scaling.STANDARD, SmallNetworks.random(1, 10))));
        assertRefused("has magnitudes (DoRA)", () -> Combination.truncated(List.of(new Weighted(dora, 1)), 2));
    }

    private static void assertRefused(String why, Runnable wrong) {
        LowRankException refused = assertThrows(LowRankException.class, wrong::run);
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
