package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** A kind of layer that lowrank4j does not know, from a class of the user's and a line in the file of services. */
class OwnKindTest {

    private static final double RATE = 0.05;
    private static final DataSet DATA = Data.classes(3, DataType.DOUBLE, 8, Nets.INPUTS, Nets.CLASSES);

    private static MultiLayerNetwork network(IUpdater updater) {
        return Nets.initialised(Nets.settings(DataType.DOUBLE, updater)
                .list()
                .layer(Nets.dense(Nets.INPUTS, Nets.HIDDEN))
                .layer(new TwoStageLayer(Nets.HIDDEN, 5, 7))
                .layer(Nets.head(7))
                .build());
    }

    private static MultiLayerNetwork adapted(Map<String, String> rule, IUpdater updater) {
        return Rules.during(rule, () -> {
            MultiLayerNetwork network = network(updater);
            for (int i = 0; i < 3; i++) {
                network.fit(DATA);
            }
            return network;
        });
    }

    @Test
    void isAdaptedByDefaultAndHasTheGradientsOfItsLoss() {
        Map<String, String> rule = Map.of("rank", "2", "alpha", "8", "exclude", "0");
        MultiLayerNetwork adapted = adapted(rule, new Sgd(RATE));
        new StepCheck(
                        adapted,
                        () -> adapted.fit(DATA),
                        network(new Sgd(RATE)),
                        stock -> ((MultiLayerNetwork) stock).score(DATA, false),
                        RATE)
                .targets("1/down", "1/up")
                .trained("2_W", "2_b")
                .factor(2)
                .verify();
    }

    @Test
    void oneOfItsMatricesIsNamedAlone() {
        MultiLayerNetwork adapted = adapted(Map.of("rank", "2", "layers", "type:TwoStageLayer/up"), new Sgd(RATE));
        assertEquals(
                Set.of("adapter/layer1/up/A", "adapter/layer1/up/B"),
                AdapterFile.tensors(adapted).keySet());
    }

    @Test
    void goesOnBitForBitFromItsZip() throws IOException {
        Map<String, String> rule = Map.of("rank", "2", "bias", "all");
        MultiLayerNetwork adapted = adapted(rule, new Adam(0.01));
        byte[] zip = AdapterFile.zip(adapted);
        MultiLayerNetwork restored = Rules.during(rule, () -> restored(zip));
        Nets.assertSame(adapted.output(DATA.getFeatures()), restored.output(DATA.getFeatures()), "outputs");
        for (MultiLayerNetwork network : List.of(adapted, restored)) {
            network.fit(DATA);
            network.fit(DATA);
        }
        Nets.assertSame(adapted.params(), restored.params(), "parameters two steps later");
        MultiLayerNetwork stock = restored(AdapterFile.zip(adapted));
        Nets.assertSame(adapted.output(DATA.getFeatures()), stock.output(DATA.getFeatures()), "outputs of stock");
    }

    /** In double precision the gradient in two factors and the one that DL4J forms differ in the last bits. */
    @Test
    void withPassesOfADenseLayerTrainsAsOneBitForBit() {
        Map<String, String> rule = Map.of("rank", "2", "bias", "all");
        MultiLayerNetwork own = trained(rule, new OwnDenseLayer(Nets.INPUTS, Nets.HIDDEN));
        MultiLayerNetwork dense = trained(rule, Nets.dense(Nets.INPUTS, Nets.HIDDEN));
        Nets.assertSame(dense.params(), own.params(), "parameters");
        assertEquals(
                AdapterFile.tensors(dense).keySet(), AdapterFile.tensors(own).keySet());
    }

    private static MultiLayerNetwork trained(Map<String, String> rule, org.deeplearning4j.nn.conf.layers.Layer first) {
        return Rules.during(rule, () -> {
            MultiLayerNetwork network = Nets.initialised(Nets.settings(DataType.DOUBLE, new Adam(0.01))
                    .list()
                    .layer(first)
                    .layer(Nets.head(Nets.HIDDEN))
                    .build());
            for (int i = 0; i < 5; i++) {
                network.fit(DATA);
            }
            return network;
        });
    }

    private static MultiLayerNetwork restored(byte[] zip) {
        try {
            return ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }
}
