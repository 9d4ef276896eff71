package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.variational.VariationalAutoencoder;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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
}
