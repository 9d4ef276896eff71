package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LayerAdapterTest {

    private static final INDArray A = Nd4j.createFromArray(new float[][] {{1, 2}, {3, 4}, {5, 6}});
    private static final INDArray B = Nd4j.createFromArray(new float[][] {{1, 0}, {2, 1}});

    @Test
    void theEffectiveWeightByHand() {
        LayerAdapter adapter = new LayerAdapter(A, B, 3, Scaling.STANDARD, null);
        assertEquals(1.5, adapter.scale());
        INDArray base = Nd4j.createFromArray(new float[][] {{1, 1}, {1, 1}, {0, 0}});
        // A B = {5, 2}, {11, 4}, {17, 6}
        assertEquals(Nd4j.createFromArray(new float[][] {{8.5f, 4}, {17.5f, 7}, {25.5f, 9}}), adapter.effective(base));
        assertEquals(Nd4j.createFromArray(new float[][] {{1, 1}, {1, 1}, {0, 0}}), base);
        assertEquals(3 / Math.sqrt(2), new LayerAdapter(A, B, 3, Scaling.RSLORA, null).scale());
    }

    @Test
    void singularValuesAreThoseOfTheChange() {
        for (int rank : new int[] {1, 3, 9, 10}) {
            LayerAdapter adapter = SmallNetworks.layer(4, 12, 10, rank);
            double[] expected = ThinSvd.of(adapter.product()).singularValues();
            assertArrayEquals(Arrays.copyOf(expected, adapter.singularValues().length), adapter.singularValues(), 1e-5);
        }
    }

    @Test
    void magnitudesAreTheNormsOfTheColumns() {
        LayerAdapter adapter = new LayerAdapter(A, B, 2, Scaling.STANDARD, Nd4j.createFromArray(2f, 0.5f));
        INDArray weight = adapter.effective(Nd4j.zeros(DataType.FLOAT, 3, 2));
        assertArrayEquals(
                new double[] {2, 0.5}, weight.norm2(0).castTo(DataType.DOUBLE).toDoubleVector(), 1e-6);
        // The direction is that of A B.
        assertEquals(5.0 / 17, weight.getDouble(0, 0) / weight.getDouble(2, 0), 1e-6);
    }

    @Test
    void aColumnOfZerosStaysOne() {
        LayerAdapter adapter = new LayerAdapter(
                A,
                Nd4j.createFromArray(new float[][] {{1, 0}, {2, 0}}),
                2,
                Scaling.STANDARD,
                Nd4j.createFromArray(2f, 3f));
        INDArray weight = adapter.effective(Nd4j.zeros(DataType.FLOAT, 3, 2));
        assertEquals(0.0, weight.getColumn(1).norm2Number().doubleValue());
    }

    @Test
    void arraysAreCopies() {
        INDArray a = A.dup();
        LayerAdapter adapter = new LayerAdapter(a, B, 2, Scaling.STANDARD, null);
        a.assign(0);
        assertEquals(A, adapter.a());
    }

    @ParameterizedTest
    @CsvSource({"0.3, 3", "0.1, 7", "0.7, 49", "1.1, 64", "0.0123, 13", "16, 11", "5, 6"})
    void aScaleComesBackExactlyAsAnAlpha(double alpha, int rank) {
        double scale = alpha / rank;
        LayerAdapter adapter = LayerAdapter.scaled(
                Nd4j.ones(DataType.FLOAT, 70, rank), Nd4j.ones(DataType.FLOAT, rank, 70), scale, null);
        assertEquals(scale, adapter.scale());
    }

    @Test
    void shapesAndNumbersThatAreRefused() {
        assertRefused("[3, 2] and [3, 2]", () -> new LayerAdapter(A, A, 2, Scaling.STANDARD, null));
        assertRefused(
                "alpha of an adapter must be a finite",
                () -> new LayerAdapter(A, B, Double.NaN, Scaling.STANDARD, null));
        INDArray broken = B.dup();
        broken.putScalar(0, Float.NaN);
        assertRefused("NaN or infinite", () -> new LayerAdapter(A, broken, 2, Scaling.STANDARD, null));
        assertRefused(
                "one magnitude per output, 2",
                () -> new LayerAdapter(A, B, 2, Scaling.STANDARD, Nd4j.createFromArray(1f, 2f, 3f)));
        assertRefused("has the type INT", () -> new LayerAdapter(A.castTo(DataType.INT), B, 2, Scaling.STANDARD, null));
        assertRefused(
                "this one is [2, 2]",
                () -> new LayerAdapter(A, B, 2, Scaling.STANDARD, null).effective(Nd4j.zeros(2, 2)));
    }

    @Test
    void anAdapterThatIsNoneIsRefused() {
        assertRefused("must change something", () -> new Adapter(Map.of()));
        LayerAdapter layer = new LayerAdapter(A, B, 2, Scaling.STANDARD, null);
        assertRefused(
                "both factors for W and a whole W",
                () -> new Adapter(Map.of("x", layer)).withParameters(Map.of("x", Map.of("W", A))));
        assertRefused("Did you mean 'dense1'?", () -> new Adapter(Map.of("dense1", layer)).layer("dense"));
    }

    @Test
    void renamingReachesFactorsParametersAndBase() {
        Adapter adapter = SmallNetworks.withOutput(1, SmallNetworks.sequential(1));
        Adapter renamed = adapter.renamed(name -> "model." + name);
        assertEquals("[model.one, model.two]", renamed.layers().keySet().toString());
        assertEquals("[model.out]", renamed.parameters().keySet().toString());
        assertTrue(renamed.base().weights().containsKey("model.one"));
        assertRefused("Two layers would be named 'x'", () -> adapter.renamed(name -> "x"));
        assertEquals(12 * 3 + 3 * 10 + 10 * 2 + 2 * 8, adapter.factorCount());
        assertEquals(8 * 3 + 3, adapter.parameterCount());
    }

    private static void assertRefused(String why, Runnable wrong) {
        LowRankException refused = assertThrows(LowRankException.class, wrong::run);
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
