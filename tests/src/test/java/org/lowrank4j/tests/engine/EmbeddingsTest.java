package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** Embeddings of single tokens and of series run passes of lowrank4j, which take of the table the rows of the tokens alone. */
class EmbeddingsTest {

    private static final DataType TYPE = DataType.DOUBLE;
    private static final int WORDS = 30;
    private static final int EXAMPLES = 5;
    private static final int STEPS = 4;

    /** @param masked whether some steps of some examples are left out */
    private record Case(String name, Layer layer, boolean series, boolean masked) {

        MultiLayerNetwork network(double rate) {
            var list = Nets.settings(TYPE, new Adam(rate)).list().layer(layer.clone());
            if (series) {
                list.layer(new GlobalPoolingLayer.Builder()
                        .collapseDimensions(true)
                        .build());
            }
            return Nets.initialised(
                    list.layer(Nets.dense(6, 5)).layer(Nets.head(5)).build());
        }

        /** Some tokens come several times in it. */
        DataSet batch(int seed) {
            INDArray tokens = Nd4j.create(TYPE, EXAMPLES, series ? STEPS : 1);
            for (int i = 0; i < tokens.length(); i++) {
                tokens.putScalar(i, (7 * i * i + seed) % 11);
            }
            DataSet batch = new DataSet(tokens, Data.oneHot(2, TYPE, EXAMPLES, Nets.CLASSES));
            if (masked) {
                INDArray mask = Nd4j.ones(TYPE, EXAMPLES, STEPS);
                mask.putScalar(1, 3, 0);
                mask.putScalar(2, 2, 0);
                mask.putScalar(2, 3, 0);
                batch.setFeaturesMaskArray(mask);
            }
            return batch;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static EmbeddingSequenceLayer.Builder series() {
        return new EmbeddingSequenceLayer.Builder().nIn(WORDS).nOut(6).inputLength(STEPS);
    }

    private static EmbeddingLayer.Builder single() {
        return new EmbeddingLayer.Builder().nIn(WORDS).nOut(6);
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case("single", single().hasBias(true).build(), false, false),
                new Case(
                        "single, tanh",
                        single().activation(Activation.TANH).hasBias(true).build(),
                        false,
                        false),
                new Case("series", series().build(), true, false),
                new Case(
                        "series, bias and rectifier",
                        series().hasBias(true).activation(Activation.RELU).build(),
                        true,
                        false),
                new Case(
                        "series, mask and tanh",
                        series().activation(Activation.TANH).build(),
                        true,
                        true),
                new Case(
                        "series, channels first",
                        series().outputDataFormat(RNNFormat.NCW).build(),
                        true,
                        false),
                new Case("series of any length", series().inferInputLength(true).build(), true, true));
    }

    private static MultiLayerNetwork under(Map<String, String> rule, Case of, double rate) {
        return Rules.during(rule, () -> of.network(rate));
    }

    private static void fit(MultiLayerNetwork network, Case of, int steps) {
        for (int i = 0; i < steps; i++) {
            network.fit(of.batch(i));
        }
    }

    /** The same as stock's, of the forward pass, the gradient of the table and that of the bias. */
    @ParameterizedTest
    @MethodSource("cases")
    void fullTrainingIsThatOfStock(Case of) {
        MultiLayerNetwork stock = of.network(0.01);
        MultiLayerNetwork ours =
                under(Map.of("update", "full", "layers", "0", "train", "1..", "bias", "lora-only"), of, 0.01);
        fit(stock, of, 3);
        fit(ours, of, 3);
        Rules.assertFollows(ours);
        assertEquals(stock.score(), ours.score(), 1e-12);
        Nets.assertClose(stock.params(), ours.params(), 1e-12, "parameters");
    }

    /** The table may lag behind while fit works through an iterator; it is the same in the end, and whenever it is asked for. */
    @ParameterizedTest
    @MethodSource("cases")
    void aTableThatLagsBehindCatchesUp(Case of) {
        List<DataSet> batches = List.of(of.batch(0), of.batch(1), of.batch(2), of.batch(3));
        MultiLayerNetwork atOnce = under(Map.of("rank", "2", "layers", "0", "lora.merge", "step"), of, 0.01);
        MultiLayerNetwork lagging = under(Map.of("rank", "2", "layers", "0", "lora.merge", "fit"), of, 0.01);
        INDArray table = lagging.getParam("0_W").dup();
        for (MultiLayerNetwork network : List.of(atOnce, lagging)) {
            network.fit(new SeenBatches(batches, taken -> {}));
        }
        Nets.assertMoved(table, lagging.getParam("0_W"), "the table");
        Nets.assertClose(atOnce.params(), lagging.params(), 1e-12, "parameters");

        MultiLayerNetwork looked = under(Map.of("rank", "2", "layers", "0", "lora.merge", "fit"), of, 0.01);
        looked.fit(new SeenBatches(batches, taken -> looked.getParam("0_W").sumNumber()));
        Nets.assertClose(atOnce.params(), looked.params(), 1e-12, "parameters of a network that was looked at");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aFrozenTableStaysAndWhatIsAboveTrainsAsStock(Case of) {
        MultiLayerNetwork stock =
                new Case(of.name(), new FrozenLayer(of.layer()), of.series(), of.masked()).network(0.01);
        MultiLayerNetwork ours =
                under(Map.of("update", "full", "layers", "type:DenseLayer", "bias", "lora-only"), of, 0.01);
        ours.setParams(stock.params());
        INDArray table = ours.getParam("0_W").dup();
        fit(stock, of, 2);
        fit(ours, of, 2);
        Rules.assertFollows(ours);
        Nets.assertSame(table, ours.getParam("0_W"), "the table");
        Nets.assertClose(stock.params(), ours.params(), 1e-12, "parameters");
    }

    @Test
    void everyGradientApproximationTakesTokens() {
        Case of = cases().skip(2).findFirst().orElseThrow();
        for (String gradient : List.of("galore", "lora-fa", "lora-pro", "adafactor", "powersgd", "apollo")) {
            for (boolean rankOne : new boolean[] {false, true}) {
                Map<String, String> rule = new HashMap<>(Map.of("gradient", gradient, "layers", "0"));
                rule.put("rank", rankOne ? "1" : "2");
                MultiLayerNetwork network = under(rule, of, 0.01);
                INDArray table = network.getParam("0_W").dup();
                fit(network, of, 3);
                Nets.assertMoved(table, network.getParam("0_W"), gradient);
            }
        }
    }

    @Test
    void aTokenThatTheTableHasNotIsRefusedByDl4j() {
        Case of = cases().skip(2).findFirst().orElseThrow();
        MultiLayerNetwork network = under(Map.of("rank", "2", "layers", "0"), of, 0.01);
        DataSet batch = of.batch(0);
        batch.getFeatures().putScalar(0, WORDS);
        assertThrows(RuntimeException.class, () -> network.fit(batch));
    }
}
