package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.variational.VariationalAutoencoder;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/** Layers that DL4J can train by themselves: adapted where labels train them, and pretrained as stock does. */
class PretrainedLayersTest {

    private static final double RATE = 0.1;

    enum Kind {
        PLAIN("0/W") {
            @Override
            Layer layer() {
                return new AutoEncoder.Builder()
                        .nIn(Nets.INPUTS)
                        .nOut(5)
                        .corruptionLevel(0)
                        .activation(Activation.SIGMOID)
                        .build();
            }
        },
        VARIATIONAL("0/e0W", "0/e1W", "0/pZXMeanW") {
            @Override
            Layer layer() {
                return new VariationalAutoencoder.Builder()
                        .nIn(Nets.INPUTS)
                        .nOut(5)
                        .encoderLayerSizes(6, 4)
                        .decoderLayerSizes(5)
                        .activation(Activation.TANH)
                        .build();
            }
        };

        private final String[] targets;

        Kind(String... targets) {
            this.targets = targets;
        }

        abstract Layer layer();

        MultiLayerConfiguration configuration() {
            return Nets.settings(DataType.DOUBLE, new Sgd(RATE))
                    .list()
                    .layer(layer())
                    .layer(Nets.dense(5, 5))
                    .layer(Nets.head(5))
                    .build();
        }

        MultiLayerNetwork adapted() {
            return Rules.during(
                    Map.of("rank", "2", "alpha", "8", "layers", String.join(",", targets), "train", "only:2"), () -> {
                        MultiLayerNetwork network = Nets.initialised(configuration());
                        pretrain(network);
                        network.fit(batch());
                        return network;
                    });
        }
    }

    private static DataSet batch() {
        return Data.classes(3, DataType.DOUBLE, 8, Nets.INPUTS, Nets.CLASSES);
    }

    private static void pretrain(MultiLayerNetwork network) {
        network.pretrainLayer(0, new ListDataSetIterator<>(batch().asList(), 4));
    }

    @ParameterizedTest
    @EnumSource
    void everyMatrixHasTheGradientOfItsLoss(Kind kind) {
        MultiLayerNetwork adapted = kind.adapted();
        String[] targets = kind == Kind.PLAIN ? new String[] {"0"} : kind.targets;
        new StepCheck(
                        adapted,
                        () -> adapted.fit(batch()),
                        Nets.initialised(kind.configuration()),
                        stock -> ((MultiLayerNetwork) stock).score(batch(), false),
                        RATE)
                .targets(targets)
                .trained("2_W", "2_b")
                .verify();
    }

    /** Before the first step of training by labels, and between two of them. */
    @ParameterizedTest
    @EnumSource
    void pretrainingIsThatOfStock(Kind kind) {
        MultiLayerNetwork stock = Nets.initialised(kind.configuration());
        pretrain(stock);
        MultiLayerNetwork ruled = Rules.during(Map.of("rank", "2", "layers", String.join(",", kind.targets)), () -> {
            MultiLayerNetwork network = Nets.initialised(kind.configuration());
            pretrain(network);
            assertEquals(stock.params(), network.params());
            network.fit(batch());
            return network;
        });
        MultiLayerNetwork plain = Nets.initialised(kind.configuration());
        plain.setParams(ruled.params().dup());
        INDArray before = ruled.params().dup();
        pretrain(ruled);
        Nets.assertMoved(before, ruled.params(), "the network");
        pretrain(plain);
        if (kind == Kind.PLAIN) {
            Nets.assertClose(plain.params(), ruled.params(), 1e-12, "the network");
        }
        ruled.fit(batch());
    }

    /** All of it, as the program asks, also what the rule leaves frozen; and then labels train the rest as before. */
    @ParameterizedTest
    @EnumSource
    void aFrozenLayerIsPretrainedAndSaysSo(Kind kind) {
        MultiLayerNetwork network =
                Rules.during(Map.of("rank", "2", "layers", "1"), () -> Nets.initialised(kind.configuration()));
        network.fit(batch());
        INDArray before = network.getParam("0_" + kind.targets[0].substring(2)).dup();
        List<String> said = CapturedErrors.of(() -> {
            pretrain(network);
            pretrain(network);
        });
        assertEquals(
                1,
                said.stream()
                        .filter(line -> line.contains("pretraining trains all of layer0"))
                        .count(),
                said::toString);
        INDArray pretrained =
                network.getParam("0_" + kind.targets[0].substring(2)).dup();
        Nets.assertMoved(before, pretrained, "the pretrained layer");
        network.fit(batch());
        Nets.assertSame(pretrained, network.getParam("0_" + kind.targets[0].substring(2)), "the frozen layer");
    }

    @ParameterizedTest
    @EnumSource
    void aLayerOfAGraphIsPretrainedToo(Kind kind) {
        ComputationGraph graph = Rules.during(
                Map.of("rank", "2", "layers", "second"),
                () -> Nets.initialised(Nets.settings(DataType.DOUBLE, new Sgd(RATE))
                        .graphBuilder()
                        .addInputs("in")
                        .addLayer("first", kind.layer(), "in")
                        .addLayer("second", Nets.dense(5, 5), "first")
                        .addLayer("out", Nets.head(5), "second")
                        .setOutputs("out")
                        .build()));
        graph.fit(batch());
        INDArray before = graph.getLayer("first").params().dup();
        graph.pretrainLayer("first", new ListDataSetIterator<>(batch().asList(), 4));
        Nets.assertMoved(before, graph.getLayer("first").params(), "the pretrained layer");
        graph.fit(batch());
    }

    @Test
    void strictRulesStopPretraining() {
        MultiLayerNetwork network =
                Rules.during(Map.of("rank", "2", "layers", "1"), () -> Nets.initialised(Kind.PLAIN.configuration()));
        INDArray before = network.params().dup();
        Rules.during(Map.of("rank", "2", "layers", "1", "strict", "true"), () -> {
            for (int attempt = 0; attempt < 2; attempt++) {
                String message = assertThrows(LowRankException.class, () -> pretrain(network))
                        .getMessage();
                assertTrue(message.contains("pretraining trains all of layer0"), message);
            }
            return network;
        });
        Nets.assertSame(before, network.params(), "nothing moved");
    }
}
