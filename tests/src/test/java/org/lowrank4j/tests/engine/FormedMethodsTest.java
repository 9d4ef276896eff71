package org.lowrank4j.tests.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Every method on layers that run their own passes, with column- and row-major matrices: it trains, goes on bit for bit from
 * its zip, at a rate of 0 nothing moves, and stock DL4J reopens what it saved.
 */
class FormedMethodsTest {

    private static final DataType TYPE = DataType.FLOAT;
    private static final DataSet SERIES = new DataSet(Data.normal(1, TYPE, 6, 4, 5), Data.oneHot(2, TYPE, 6, 3));

    /** Options that a method does not do without. */
    private static final Map<String, String> REQUIRED =
            Map.of("adalora.total-steps", "100", "random-subspace.dimension", "20");

    static Stream<Map<String, String>> rules() {
        Methods methods = Methods.load();
        Stream<Map<String, String>> starts = methods.initialisations().stream()
                .filter(start -> start.need() != Initialisation.Need.INPUTS)
                .filter(start -> start.getClass().getName().startsWith("org.lowrank4j.initialisation"))
                .map(start -> Map.of("init", start.name()));
        Stream<Map<String, String>> gradients =
                methods.gradients().stream().map(gradient -> Map.of("gradient", gradient.name()));
        Stream<Map<String, String>> updates = methods.updates().stream().map(update -> Map.of("update", update.name()));
        return Stream.of(starts, gradients, updates).flatMap(all -> all);
    }

    private static MultiLayerNetwork network(double rate) {
        return Nets.initialised(Nets.settings(TYPE, new Adam(rate))
                .activation(Activation.TANH)
                .list()
                .layer(new Convolution1DLayer.Builder(2).nOut(5).build())
                .layer(new SelfAttentionLayer.Builder()
                        .nOut(6)
                        .nHeads(2)
                        .projectInput(true)
                        .build())
                .layer(new Bidirectional(
                        Bidirectional.Mode.CONCAT, new LSTM.Builder().nOut(4).build()))
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build())
                .setInputType(InputType.recurrent(4, 5))
                .build());
    }

    private static void fit(MultiLayerNetwork network, int steps) {
        for (int i = 0; i < steps; i++) {
            network.fit(SERIES);
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void everyMethod(Map<String, String> method) {
        Map<String, String> rule = whole(method);
        byte[] zip = Rules.during(rule, () -> {
            MultiLayerNetwork trained = network(0.01);
            fit(trained, 2);
            byte[] saved = AdapterFile.zip(trained);
            MultiLayerNetwork restored = restored(saved);
            fit(trained, 2);
            fit(restored, 2);
            Nets.assertSame(trained.params(), restored.params(), "parameters two steps after the zip");
            return AdapterFile.zip(trained);
        });
        MultiLayerNetwork stock = restored(zip);
        MultiLayerNetwork adapted = Rules.during(rule, () -> restored(zip));
        Nets.assertSame(adapted.output(SERIES.getFeatures()), stock.output(SERIES.getFeatures()), "outputs of stock");
    }

    @ParameterizedTest
    @MethodSource("rules")
    void atARateOfZeroNothingMoves(Map<String, String> method) {
        Rules.during(whole(method), () -> {
            MultiLayerNetwork network = network(0);
            // Some starts move the weights as published, whatever the rate.
            fit(network, 1);
            INDArray started = network.params().dup();
            fit(network, 1);
            Nets.assertSame(started, network.params(), "parameters");
            return null;
        });
    }

    private static Map<String, String> whole(Map<String, String> method) {
        Map<String, String> rule = new HashMap<>(method);
        rule.put("rank", "2");
        rule.put("layers", "0..2");
        REQUIRED.forEach((option, value) -> {
            if (method.containsValue(option.substring(0, option.indexOf('.')))) {
                rule.put(option, value);
            }
        });
        return rule;
    }

    private static MultiLayerNetwork restored(byte[] zip) {
        try {
            return ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
