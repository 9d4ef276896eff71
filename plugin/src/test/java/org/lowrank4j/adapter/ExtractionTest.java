package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class ExtractionTest {

    private final MultiLayerNetwork base = SmallNetworks.sequential(1);
    private final MultiLayerNetwork tuned = SmallNetworks.sequential(1);

    private static INDArray w(MultiLayerNetwork network, int layer) {
        return network.getLayer(layer).getParam("W");
    }

    private INDArray change(int layer) {
        return w(tuned, layer).castTo(DataType.DOUBLE).sub(w(base, layer).castTo(DataType.DOUBLE));
    }

    @Test
    void aChangeOfLowRankComesOutWhole() {
        AdapterSet set = AdapterSet.on(tuned);
        set.add("a", SmallNetworks.withOutput(5, base));
        set.activate("a");
        Adapter extracted = Extraction.ofRank(base, tuned, 3, layer -> !layer.equals("out"));
        assertEquals(3, extracted.layer("one").rank());
        assertEquals(Set.of("out"), extracted.parameters().keySet());
        MultiLayerNetwork again = SmallNetworks.sequential(1);
        AdapterSet restored = AdapterSet.on(again);
        restored.add("x", extracted);
        restored.activate("x");
        assertTrue(tuned.params().equalsWithEps(again.params(), 1e-6));
        INDArray x = SmallNetworks.random(9, 4, 12);
        assertTrue(tuned.output(x).equalsWithEps(again.output(x), 1e-6));
    }

    @Test
    void theErrorIsTheDroppedSpectrum() {
        w(tuned, 0).addi(SmallNetworks.random(4, 12, 10));
        Adapter extracted = Extraction.ofRank(base, tuned, 4, layer -> true);
        double[] values = ThinSvd.of(change(0)).singularValues();
        double dropped = 0;
        double all = 0;
        for (int i = 0; i < values.length; i++) {
            dropped += i < 4 ? 0 : values[i] * values[i];
            all += values[i] * values[i];
        }
        double error =
                change(0).sub(extracted.layer("one").product()).norm2Number().doubleValue();
        assertEquals(Math.sqrt(dropped), error, 1e-6);
        assertEquals(1 - dropped / all, Double.parseDouble(extracted.metadata().get("energy/one")), 1e-8);
        assertEquals(Set.of("one"), extracted.layers().keySet(), "nothing else changed");
    }

    @Test
    void theLowestRankThatKeepsTheEnergy() {
        w(tuned, 0).addi(SmallNetworks.random(4, 12, 10));
        double[] values = ThinSvd.of(change(0)).singularValues();
        double all = 0;
        for (double value : values) {
            all += value * value;
        }
        for (double energy : new double[] {0.1, 0.5, 0.9, 0.99, 1}) {
            int rank = Extraction.ofEnergy(base, tuned, energy, layer -> true)
                    .layer("one")
                    .rank();
            double kept = 0;
            for (int i = 0; i < rank; i++) {
                kept += values[i] * values[i];
            }
            assertTrue(kept >= energy * all * (1 - 1e-12), energy + " needs more than rank " + rank);
            assertTrue(
                    kept - values[rank - 1] * values[rank - 1] < energy * all,
                    energy + " needs less than rank " + rank);
        }
    }

    @Test
    void aLargeMatrixIsSplitByFewDirections() {
        INDArray a = SmallNetworks.random(1, 700, 4);
        INDArray b = SmallNetworks.random(2, 4, 600);
        INDArray m = a.mmul(b).castTo(DataType.DOUBLE);
        LowRankSplit split = LowRankSplit.leading(m, 8);
        assertTrue(split.a().mmul(split.b()).equalsWithEps(m, 1e-5));
        assertArrayEquals(new long[] {700, split.size()}, split.a().shape());
        assertEquals(1, split.keptEnergy(), 1e-9);
        INDArray noisy = m.add(Nd4j.rand(DataType.DOUBLE, 700, 600).subi(0.5).muli(1e-3));
        LowRankSplit cut = LowRankSplit.leading(noisy, 4);
        double exact = ThinSvd.of(noisy).truncated(4).sub(noisy).norm2Number().doubleValue();
        double error = cut.a().mmul(cut.b()).sub(noisy).norm2Number().doubleValue();
        assertEquals(exact, error, 1e-6 * exact);
    }

    @Test
    void whatIsNewInTheTunedModelIsTakenAsAWhole() {
        // In DL4J's graphs a new output layer may have a name of its own.
        ComputationGraph before = SmallNetworks.graph(1);
        ComputationGraph after = new TransferLearning.GraphBuilder(before)
                .removeVertexAndConnections("out")
                .addLayer(
                        "head",
                        new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                                .nIn(8)
                                .nOut(5)
                                .build(),
                        "two")
                .setOutputs("head")
                .build();
        ComputationGraph baseWithHead = after.clone();
        after.getLayer("one").getParam("W").addi(0.1);
        Adapter extracted = Extraction.ofRank(before, after, 1, layer -> true);
        assertEquals(Set.of("one"), extracted.layers().keySet());
        assertEquals(Set.of("head"), extracted.parameters().keySet());
        assertEquals(Set.of("W", "b"), extracted.parameters().get("head").keySet());
        assertEquals(Set.of("head"), extracted.newLayers(before));
        assertEquals(Set.of(), extracted.newLayers(baseWithHead));

        AdapterSet set = AdapterSet.on(baseWithHead);
        set.add("a", extracted);
        set.activate("a");
        assertTrue(after.params().equalsWithEps(baseWithHead.params(), 1e-6));
        assertRefused("or leave out of the adapter", () -> AdapterSet.on(before).add("a", extracted));
    }

    @Test
    void aRowIsNoColumn() {
        Adapter column = SmallNetworks.adapter(1, base)
                .withParameters(Map.of("out", Map.of("b", SmallNetworks.random(3, 3, 1))));
        assertRefused("shape [3, 1]", () -> AdapterSet.on(base).add("a", column));
    }

    @Test
    void whatIsWrongIsSaid() {
        MultiLayerNetwork stranger = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new OutputLayer.Builder().nIn(12).nOut(3).build())
                .build());
        stranger.init();
        assertRefused(
                "no layer of the same name and shape: [one, two, out] in the base and [layer0] in the tuned model",
                () -> Extraction.ofRank(base, stranger, 2, layer -> true));
        assertRefused("at least 1, and it is 0", () -> Extraction.ofRank(base, tuned, 0, layer -> true));
        assertRefused("at most 1, and it is 1.5", () -> Extraction.ofEnergy(base, tuned, 1.5, layer -> true));
        assertRefused("above 0", () -> Extraction.ofEnergy(base, tuned, Double.NaN, layer -> true));
        assertRefused("the same parameters", () -> Extraction.ofRank(base, tuned, 2, layer -> true));
        assertRefused(
                "The parameter W of layer one is FLOAT[12, 10] in the base and DOUBLE[12, 10]",
                () -> Extraction.ofRank(base, SmallNetworks.sequential(1, DataType.DOUBLE), 2, layer -> true));
    }

    private static void assertRefused(String why, Runnable wrong) {
        LowRankException refused = assertThrows(LowRankException.class, wrong::run);
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
