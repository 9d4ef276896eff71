package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Networks without a layer that a rule could adapt, alone and beside others under the same rule. */
class NothingToAdaptTest {

    private static MultiLayerNetwork recurrent(DataType type) {
        return Nets.initialised(Nets.settings(type, new Adam(0.01))
                .list()
                .layer(new LSTM.Builder().nIn(Nets.INPUTS).nOut(5).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nIn(5)
                        .nOut(Nets.CLASSES)
                        .build())
                .build());
    }

    private static ComputationGraph convolutional(DataType type) {
        return Nets.initialised(Nets.settings(type, new Adam(0.01))
                .graphBuilder()
                .addInputs("in")
                .addLayer("conv", new ConvolutionLayer.Builder(2, 2).nOut(3).build(), "in")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .activation(Activation.SOFTMAX)
                                .nOut(Nets.CLASSES)
                                .build(),
                        "conv")
                .setOutputs("out")
                .setInputTypes(InputType.convolutional(4, 4, 1))
                .build());
    }

    private static DataSet series(DataType type) {
        return Data.sequences(1, type, 4, Nets.INPUTS, Nets.CLASSES, 5);
    }

    private static DataSet images(DataType type) {
        return new DataSet(Data.normal(2, type, 4, 1, 4, 4), Data.oneHot(3, type, 4, Nets.CLASSES));
    }

    private static void fit(NeuralNetwork network, DataSet batch) {
        for (int i = 0; i < 3; i++) {
            network.fit(batch);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"FLOAT", "DOUBLE"})
    void aRuleThatNamesNoLayersLeavesThemAsStock(DataType type) {
        MultiLayerNetwork stock = recurrent(type);
        fit(stock, series(type));
        ComputationGraph stockGraph = convolutional(type);
        fit(stockGraph, images(type));
        List<String> said = CapturedErrors.of(() -> JvmRules.with(Map.of("rank", "4"), () -> {
            MultiLayerNetwork network = recurrent(type);
            fit(network, series(type));
            Nets.assertSame(stock.params(), network.params(), "the recurrent network");
            ComputationGraph graph = convolutional(type);
            fit(graph, images(type));
            Nets.assertSame(stockGraph.params(), graph.params(), "the convolutional graph");
        }));
        assertEquals(
                List.of(
                        "lowrank4j: a network with the rule of agent arguments (rank) trains as stock: every layer"
                                + " that could be adapted is still random, and trains in full; write layers=type:LSTM to adapt"
                                + " it from the start.",
                        "lowrank4j: a network with the rule of agent arguments (rank) trains as stock: every layer"
                                + " that could be adapted is still random, and trains in full; write"
                                + " layers=type:ConvolutionLayer to adapt it from the start."),
                CapturedErrors.containing(said, "lowrank4j"));
    }

    @Test
    void theAdviceOfThatLineAdaptsTheBodyAndTrainsTheOutput() {
        JvmRules.with(Map.of("rank", "2", "layers", "type:LSTM"), () -> {
            MultiLayerNetwork network = recurrent(DataType.FLOAT);
            INDArray body = network.getParam("0_RW").dup();
            INDArray bias = network.getParam("0_b").dup();
            INDArray head = network.getParam("1_W").dup();
            List<String> said = CapturedErrors.of(() -> fit(network, series(DataType.FLOAT)));
            Nets.assertMoved(body, network.getParam("0_RW"), "the LSTM");
            Nets.assertSame(bias, network.getParam("0_b"), "its bias");
            Nets.assertMoved(head, network.getParam("1_W"), "the output layer");
            assertEquals(0, CapturedErrors.containing(said, "WARNING").size(), said::toString);
            Rules.assertFollows(network);
        });
    }

    @Test
    void theRuleForOneNetworkDoesNotStopAnother() {
        for (Map<String, String> rule : List.of(
                Map.of("rank", "4"),
                Map.of("rank", "4", "layers", "type:DenseLayer"),
                Map.of("rank", "4", "layers", "first", "rank@second", "2"))) {
            JvmRules.with(rule, () -> {
                ComputationGraph dense = Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0.01))));
                MultiLayerNetwork lstm = recurrent(DataType.FLOAT);
                INDArray start = lstm.params().dup();
                List<String> said = CapturedErrors.of(() -> {
                    fit(dense, Data.classes(3, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES));
                    fit(lstm, series(DataType.FLOAT));
                });
                Nets.assertMoved(start, lstm.params(), "the other network");
                assertEquals(
                        1, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
                assertEquals(
                        1, CapturedErrors.containing(said, "trainable params").size(), said::toString);
            });
        }
    }

    static Stream<Map<String, String>> rulesThatNameLayers() {
        return Stream.of(
                Map.of("layers", "0/b"),
                Map.of("layers", "type:LSTM/Wq"),
                Map.of("layers", "nosuch"),
                Map.of("init@nosuch", "pissa"));
    }

    /** Printed and thrown, once however often fit is called, in a few lines. */
    @ParameterizedTest
    @MethodSource("rulesThatNameLayers")
    void aRuleThatNamesLayersStopsBeforeTheFirstStep(Map<String, String> rule) {
        JvmRules.with(rule, () -> {
            MultiLayerNetwork network = recurrent(DataType.FLOAT);
            INDArray start = network.params().dup();
            List<String> said = CapturedErrors.of(() -> {
                for (int i = 0; i < 2; i++) {
                    LowRankException refused =
                            assertThrows(LowRankException.class, () -> network.fit(series(DataType.FLOAT)));
                    assertTrue(String.valueOf(refused.getMessage()).length() < 10 * 110, refused::getMessage);
                }
            });
            Nets.assertSame(start, network.params(), "the network");
            assertEquals(
                    1,
                    CapturedErrors.containing(said, "ERROR: training stops. ").size(),
                    said::toString);
        });
    }

    /** What would stop is printed, and the network trains as stock; each network here has another slip. */
    @ParameterizedTest
    @MethodSource("slips")
    void reportModeNeverStopsAnything(Map<String, String> rule) {
        MultiLayerNetwork stock = dense();
        DataSet batch = Data.classes(3, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES);
        fit(stock, batch);
        Map<String, String> report = new HashMap<>(rule);
        report.put("mode", "report");
        JvmRules.with(report, () -> {
            List<String> said = CapturedErrors.of(() -> {
                MultiLayerNetwork network = dense();
                fit(network, batch);
                Nets.assertSame(stock.params(), network.params(), "the network");
            });
            assertEquals(
                    1,
                    CapturedErrors.containing(said, "without it, training would stop. ")
                            .size(),
                    said::toString);
        });
        JvmRules.with(rule, () -> assertThrows(LowRankException.class, () -> fit(dense(), batch)));
    }

    static Stream<Map<String, String>> slips() {
        return Stream.of(
                Map.of("rank", "abc"),
                Map.of("rnak", "4"),
                Map.of("layers", "nosuch"),
                Map.of("update", "loar"),
                Map.of("init", "lora-ga", "lora-ga.batches", "many"),
                Map.of("init", "eva", "layers", "layer0"),
                Map.of("config", "no-such-file.yaml"),
                Map.of("loss", "stablemaks"),
                Map.of("rank@layer0", "99"),
                Map.of("strict", "true", "train", "none"));
    }

    private static MultiLayerNetwork dense() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.01))));
    }

    /** A random subspace moves whatever trains, so it needs no layer to adapt; a saved one goes on where it was. */
    @Test
    void aRandomSubspaceIsForThemToo(@TempDir Path folder) {
        Map<String, String> rule = Map.of("update", "random-subspace", "random-subspace.dimension", "20");
        JvmRules.with(rule, () -> {
            MultiLayerNetwork network = recurrent(DataType.DOUBLE);
            INDArray start = network.params().dup();
            List<String> said = CapturedErrors.of(() -> {
                fit(network, series(DataType.DOUBLE));
                MultiLayerNetwork copy = network.clone();
                network.save(folder.resolve("saved.zip").toFile());
                MultiLayerNetwork loaded =
                        MultiLayerNetwork.load(folder.resolve("saved.zip").toFile(), true);
                for (MultiLayerNetwork one : List.of(network, copy, loaded)) {
                    fit(one, series(DataType.DOUBLE));
                }
                Nets.assertSame(network.params(), copy.params(), "the clone");
                Nets.assertSame(network.params(), loaded.params(), "the saved network");
                ComputationGraph graph = convolutional(DataType.DOUBLE);
                INDArray conv = graph.getParam("conv_W").dup();
                fit(graph, images(DataType.DOUBLE));
                Nets.assertMoved(conv, graph.getParam("conv_W"), "the convolution");
            });
            Nets.assertMoved(start, network.params(), "the network");
            assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
            assertTrue(CapturedErrors.containing(said, "update random-subspace").size() > 0, said::toString);
        });
    }

    /** Under strict=true stock training is a stop. */
    @Test
    void aStrictRuleStopsWhereAnotherWouldTrainAsStock() {
        Supplier<MultiLayerNetwork> network = () -> recurrent(DataType.FLOAT);
        JvmRules.with(Map.of("rank", "4", "strict", "true"), () -> {
            MultiLayerNetwork strict = network.get();
            String message = assertThrows(LowRankException.class, () -> strict.fit(series(DataType.FLOAT)))
                    .getMessage();
            assertTrue(String.valueOf(message).startsWith("strict=true"), message);
        });
    }
}
