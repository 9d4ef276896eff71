package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** What single approximations of the gradient promise beside what {@link MethodsTest} asks of all. */
class GradientMethodsTest {

    private static final int RANK = 2;

    @LowRank(
            rank = RANK,
            gradient = "powersgd",
            options = {"powersgd.start=3", "powersgd.least-ratio=1"})
    private static MultiLayerNetwork powerSgd(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "galore", bias = "all")
    private static MultiLayerNetwork galoreWithBiases(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(gradient = "muon", bias = "all")
    private static MultiLayerNetwork muonWithBiases(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            gradient = "mfac",
            bias = "all",
            train = {"type:BatchNormalization", "type:OutputLayer"},
            options = {"mfac.window=4", "mfac.lambda=0.1"})
    private static MultiLayerNetwork mfacOfEverything(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "mfac")
    @LowRank.Layer(layers = "layer1", gradient = "exact", update = "lora")
    private static MultiLayerNetwork mfacOfOneLayer(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "mfac", options = "mfac.window=2000000000")
    private static MultiLayerNetwork mfacOfManyGradients(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    private static MultiLayerConfiguration configuration(IUpdater updater) {
        return Nets.layers(Nets.settings(DataType.FLOAT, updater));
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES);
    }

    /** Vectors have no subspace: they train as in the stock network. */
    @Test
    void biasesBesideGaloreGetThePlainUpdater() {
        MultiLayerNetwork network = galoreWithBiases(() -> Nets.initialised(configuration(new Adam(0.02))));
        MultiLayerNetwork stock = Nets.initialised(configuration(new Adam(0.02)));
        network.fit(batch(1));
        stock.fit(batch(1));
        for (String name : new String[] {"0_b", "1_b", "2_b"}) {
            Nets.assertClose(stock.getParam(name), network.getParam(name), 1e-5, name);
        }
        Nets.assertMoved(stock.getParam("0_W"), network.getParam("0_W"), "a projected step is another one");
    }

    /** What is no hidden matrix trains as in the stock network, and the report says why. */
    @Test
    void whatIsNotHiddenHasThePlainUpdaterBesideMuon() {
        MultiLayerNetwork network = muonWithBiases(() -> Nets.initialised(configuration(new Adam(0.02))));
        MultiLayerNetwork stock = Nets.initialised(configuration(new Adam(0.02)));
        List<String> said = CapturedErrors.of(() -> network.fit(batch(1)));
        stock.fit(batch(1));
        for (String name : new String[] {"0_W", "0_b", "1_b", "2_W", "2_b"}) {
            Nets.assertClose(stock.getParam(name), network.getParam(name), 1e-5, name);
        }
        Nets.assertMoved(stock.getParam("1_W"), network.getParam("1_W"), "a step of Muon is another one");
        assertTrue(
                String.join(" ", said).replaceAll("\\s+", " ").contains("which gradient muon leaves to the updater"),
                said::toString);
    }

    /** What a worker would send is counted from step to step, and over a restart. */
    @Test
    void trafficIsCounted() {
        MultiLayerNetwork network = powerSgd(() -> Nets.initialised(configuration(new Adam(0.02))));
        for (int i = 0; i < 5; i++) {
            network.fit(batch(i));
        }
        long whole = 6 * 8 * Float.BYTES;
        long compressed = RANK * (6 + 8) * Float.BYTES;
        INDArray traffic = AdapterFile.tensors(network).get("adapter/layer0/powersgd.traffic");
        assertEquals(3 * whole + 2 * compressed, traffic.getLong(0), "sent");
        assertEquals(5 * whole, traffic.getLong(1), "uncompressed");
    }

    /** With one gradient in the window F = lambda I + g g^T, so F^-1 g = g / (lambda + g . g), over all layers at once. */
    @Test
    void theFirstStepOfMfacIsThatOfTheDenseInverse() {
        MultiLayerConfiguration configuration = Nets.settings(DataType.DOUBLE, new Sgd(0.5))
                .list()
                .layer(Nets.dense(Nets.INPUTS, Nets.HIDDEN))
                .layer(new BatchNormalization.Builder().nOut(Nets.HIDDEN).build())
                .layer(Nets.head(Nets.HIDDEN))
                .build();
        DataSet data = Data.classes(1, DataType.DOUBLE, 9, Nets.INPUTS, Nets.CLASSES);
        MultiLayerNetwork network = mfacOfEverything(() -> Nets.initialised(configuration));
        Gradient mean = Nets.initialised(configuration)
                .calculateGradients(data.getFeatures(), data.getLabels(), null, null)
                .getFirst();
        Set<String> trained = Set.of("0_W", "0_b", "1_gamma", "1_beta", "2_W", "2_b");
        double square = 0;
        for (String name : trained) {
            INDArray gradient = mean.getGradientFor(name).divi(9);
            square += gradient.mul(gradient).sumNumber().doubleValue();
        }
        Map<String, INDArray> before = new HashMap<>();
        trained.forEach(name -> before.put(name, network.getParam(name).dup()));
        network.fit(data);
        for (String name : trained) {
            INDArray step = before.get(name).sub(network.getParam(name));
            Nets.assertClose(mean.getGradientFor(name).mul(0.5 / (0.1 + square)), step, 1e-10, "the step of " + name);
        }
        Nets.assertMoved(Nets.initialised(configuration).getParam("1_mean"), network.getParam("1_mean"), "a statistic");
    }

    @Test
    void mfacIsForAllLayersOrNone() {
        MultiLayerNetwork network = mfacOfOneLayer(() -> Nets.initialised(configuration(new Sgd(0.1))));
        String message = assertThrows(RuntimeException.class, () -> network.fit(batch(1)))
                .getMessage();
        assertTrue(message.startsWith("gradient=mfac") && message.endsWith("Give all layers the same."), message);
    }

    @Test
    void aWindowLargerThanMemoryIsRefusedWithOneThatFits() {
        MultiLayerNetwork network = mfacOfManyGradients(() -> Nets.initialised(configuration(new Sgd(0.1))));
        INDArray before = network.params().dup();
        String message = assertThrows(RuntimeException.class, () -> network.fit(batch(1)))
                .getMessage();
        assertTrue(message.contains("A window of 2,000,000,000 gradients"), message);
        assertTrue(message.contains("would fit"), message);
        Nets.assertSame(before, network.params(), "parameters");
    }
}
