package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** The table of an embedding starts as the reference LoRA libraries start it, where a rule says nothing else. */
class EmbeddingStartTest {

    private static final int TOKENS = 11;

    private static MultiLayerNetwork trained(Map<String, String> more) {
        Map<String, String> rule = new HashMap<>(Map.of("rank", "2", "layers", "0,1"));
        rule.putAll(more);
        return Rules.during(rule, () -> {
            MultiLayerNetwork network = network();
            INDArray tokens = Nd4j.createFromArray(new double[][] {{3}, {0}, {3}, {7}});
            network.fit(new DataSet(tokens, Data.oneHot(1, DataType.DOUBLE, 4, Nets.CLASSES)));
            return network;
        });
    }

    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.settings(DataType.DOUBLE, new Adam(0.01))
                .list()
                .layer(new EmbeddingLayer.Builder().nIn(TOKENS).nOut(6).build())
                .layer(Nets.dense(6, 5))
                .layer(Nets.head(5))
                .build());
    }

    @Test
    void onlyTokensThatOccurMove() {
        MultiLayerNetwork network = trained(Map.of());
        INDArray a = AdapterFile.factor(network, "layer0", "A");
        INDArray moved = network.getParam("0_W").sub(network().getParam("0_W"));
        for (int token = 0; token < TOKENS; token++) {
            boolean occurs = token == 0 || token == 3 || token == 7;
            assertEquals(occurs, a.getRow(token).amaxNumber().doubleValue() > 0, "A of token " + token);
            assertEquals(occurs, moved.getRow(token).amaxNumber().doubleValue() > 0, "W of token " + token);
        }
        // Normal with variance 1, and still where it started.
        assertTrue(AdapterFile.factor(network, "layer0", "B").norm2Number().doubleValue() > 1.5);
        assertEquals(
                0,
                AdapterFile.factor(trained(Map.of("init@0", "kaiming")), "layer0", "A")
                        .eq(0)
                        .castTo(DataType.INT)
                        .sumNumber()
                        .intValue());
        assertEquals(
                0,
                AdapterFile.factor(network, "layer1", "A")
                        .eq(0)
                        .castTo(DataType.INT)
                        .sumNumber()
                        .intValue(),
                "a dense layer starts as ever");
    }

    /** A that never moves must not be 0. */
    @Test
    void whereAStaysItIsRandom() {
        MultiLayerNetwork network = trained(Map.of("gradient", "lora-fa"));
        Nets.assertMoved(network().getParam("0_W"), network.getParam("0_W"), "W of the embedding");
    }
}
