package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Every approximation of the gradient: it trains in a network, goes on from its file, and does nothing at rate 0. */
class GradientMethodsTest {

    private static final int RANK = 2;
    /** Entries of the head's W and b, which train in full. */
    private static final int HEAD = 7 * 3 + 3;
    /** Entries of both adapted weights. */
    private static final int WEIGHTS = 6 * 8 + 8 * 7;
    /** Entries of A and B for both. */
    private static final int FACTORS = RANK * (6 + 8) + RANK * (8 + 7);

    @LowRank(
            rank = RANK,
            gradient = "galore",
            options = {"galore.refresh=20", "galore.scale=1", "galore.side=longer"})
    private static MultiLayerNetwork galore(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "fira", options = "fira.refresh=20")
    private static MultiLayerNetwork fira(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "apollo", options = "apollo.refresh=20")
    private static MultiLayerNetwork apollo(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = 1,
            gradient = "apollo-mini",
            options = {"apollo-mini.refresh=20", "apollo-mini.scale=1"})
    private static MultiLayerNetwork apolloMini(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(gradient = "adafactor", rank = 1)
    private static MultiLayerNetwork adafactor(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            gradient = "adafactor",
            update = "lora",
            options = {"adafactor.relative-step=no", "adafactor.momentum=0.9"})
    private static MultiLayerNetwork adafactorLora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(gradient = "adahessian", rank = 1)
    private static MultiLayerNetwork adaHessian(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "adahessian", update = "lora")
    private static MultiLayerNetwork adaHessianLora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            gradient = "powersgd",
            options = {"powersgd.start=3", "powersgd.least-ratio=1"})
    private static MultiLayerNetwork powerSgd(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            gradient = "powersgd",
            update = "lora",
            options = {"powersgd.start=3", "powersgd.least-ratio=1"})
    private static MultiLayerNetwork powerSgdLora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            gradient = "econtrol",
            options = {"econtrol.keep=0.25", "econtrol.eta=0.05"})
    private static MultiLayerNetwork eControl(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            gradient = "econtrol",
            update = "dora",
            options = {"econtrol.keep=0.25", "econtrol.eta=0.05"})
    private static MultiLayerNetwork eControlDora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "perpgrad")
    private static MultiLayerNetwork perpGrad(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "perpgrad", update = "lora", options = "perpgrad.rescale=yes")
    private static MultiLayerNetwork perpGradLora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "galore", bias = "all")
    private static MultiLayerNetwork galoreWithBiases(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            gradient = "mfac",
            options = {"mfac.window=4", "mfac.lambda=0.1"})
    private static MultiLayerNetwork mfac(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            gradient = "mfac",
            update = "lora",
            options = {"mfac.window=4", "mfac.lambda=0.1", "mfac.momentum=0.5"})
    private static MultiLayerNetwork mfacLora(Supplier<MultiLayerNetwork> program) {
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

    interface Rule {
        MultiLayerNetwork during(Supplier<MultiLayerNetwork> program);
    }

    /**
     * One method.
     *
     * @param entries of its tensors in both adapted layers
     */
    private record Method(String name, Rule rule, int entries) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Method> methods() {
        return Stream.of(
                new Method("galore, longer side", GradientMethodsTest::galore, RANK * 6 + RANK * 7),
                new Method("fira", GradientMethodsTest::fira, WEIGHTS),
                new Method("apollo", GradientMethodsTest::apollo, WEIGHTS),
                new Method("apollo-mini", GradientMethodsTest::apolloMini, WEIGHTS),
                new Method("adafactor", GradientMethodsTest::adafactor, WEIGHTS),
                new Method("adafactor, lora", GradientMethodsTest::adafactorLora, FACTORS),
                new Method("adahessian", GradientMethodsTest::adaHessian, WEIGHTS),
                new Method("adahessian, lora", GradientMethodsTest::adaHessianLora, FACTORS),
                new Method("powersgd", GradientMethodsTest::powerSgd, WEIGHTS),
                new Method("powersgd, lora", GradientMethodsTest::powerSgdLora, FACTORS),
                new Method("econtrol", GradientMethodsTest::eControl, WEIGHTS),
                new Method("econtrol, dora", GradientMethodsTest::eControlDora, FACTORS + 8 + 7),
                new Method("mfac", GradientMethodsTest::mfac, WEIGHTS),
                new Method("mfac, lora", GradientMethodsTest::mfacLora, FACTORS),
                new Method("perpgrad", GradientMethodsTest::perpGrad, WEIGHTS),
                new Method("perpgrad, lora", GradientMethodsTest::perpGradLora, FACTORS));
    }

    private static MultiLayerNetwork initialised(Method method, IUpdater updater) {
        return method.rule().during(() -> Nets.initialised(configuration(updater)));
    }

    private static MultiLayerConfiguration configuration(IUpdater updater) {
        return Nets.layers(Nets.settings(DataType.FLOAT, updater));
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void itLearnsAndLeavesTheRestAlone(Method method) {
        MultiLayerNetwork network = initialised(method, new Adam(0.02));
        INDArray bias = network.getParam("0_b").dup();
        INDArray weight = network.getParam("0_W").dup();
        DataSet data = batch(1);
        double before = network.score(data, false);
        for (int i = 0; i < 150; i++) {
            network.fit(data);
        }
        double after = network.score(data, false);
        assertTrue(after < before / 4, "the loss fell from " + before + " to " + after + " only");
        assertEquals(method.entries() + HEAD, Nets.gradientEntries(network), "entries of the gradient vector");
        Nets.assertSame(bias, network.getParam("0_b"), "a frozen bias");
        Nets.assertMoved(weight, network.getParam("0_W"), "an adapted weight");
    }

    @ParameterizedTest
    @MethodSource("methods")
    void itGoesOnFromItsFileBitForBit(Method method) {
        MultiLayerNetwork network = initialised(method, new Adam(0.02));
        for (int i = 0; i < 5; i++) {
            network.fit(batch(i));
        }
        byte[] zip = AdapterFile.zip(network);
        MultiLayerNetwork loaded = method.rule().during(() -> {
            try {
                return ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        });
        MultiLayerNetwork copy = network.clone();
        for (int i = 5; i < 9; i++) {
            network.fit(batch(i));
            loaded.fit(batch(i));
            copy.fit(batch(i));
        }
        Nets.assertSame(network.params(), loaded.params(), "parameters of the loaded network");
        Nets.assertSame(network.params(), copy.params(), "parameters of the clone");
        Map<String, INDArray> found = AdapterFile.tensors(loaded);
        AdapterFile.tensors(network).forEach((name, tensor) -> Nets.assertSame(tensor, found.get(name), name));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void atRateZeroNoBitOfAnAdaptedWeightMoves(Method method) {
        for (IUpdater updater : new IUpdater[] {new Adam(0), new Sgd(0)}) {
            MultiLayerNetwork network = initialised(method, updater);
            INDArray original = network.getParam("0_W").dup();
            for (int i = 0; i < 5; i++) {
                network.fit(batch(i));
            }
            Nets.assertSame(original, network.getParam("0_W"), "a weight under " + updater);
        }
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
