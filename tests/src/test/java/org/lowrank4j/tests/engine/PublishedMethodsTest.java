package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Every method beyond the first few: it trains in a network, goes on from its file, and does nothing at rate 0. */
class PublishedMethodsTest {

    private static final int RANK = 2;
    /** Entries of the head's W and b, which train in full. */
    private static final int HEAD = 7 * 3 + 3;
    /** A of both adapted layers, and B. */
    private static final int LEFT = RANK * (6 + 8);

    private static final int RIGHT = RANK * (8 + 7);

    @LowRank(rank = RANK, init = "pissa", alpha = RANK)
    private static MultiLayerNetwork pissa(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "pissa", alpha = RANK, options = "pissa.niter=4")
    private static MultiLayerNetwork fastPissa(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "milora", alpha = RANK)
    private static MultiLayerNetwork milora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "olora")
    private static MultiLayerNetwork olora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "orthogonal")
    private static MultiLayerNetwork orthogonal(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "lora-fa")
    private static MultiLayerNetwork loraFa(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "lora-pro")
    private static MultiLayerNetwork loraPro(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, gradient = "lora-pro", options = "lora-pro.mode=full")
    private static MultiLayerNetwork loraProFull(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "lora-xs")
    private static MultiLayerNetwork loraXs(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "lora-sb")
    private static MultiLayerNetwork loraSb(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "lora-one", alpha = RANK, scaling = "rslora")
    private static MultiLayerNetwork loraOne(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "loldu")
    private static MultiLayerNetwork loldu(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "vera")
    private static MultiLayerNetwork vera(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "dora")
    private static MultiLayerNetwork dora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "dora", init = "lora-ga")
    private static MultiLayerNetwork doraFromGradient(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            update = "relora",
            alpha = RANK,
            options = {"relora.total-steps=120", "relora.restart=3", "relora.first-warmup=2", "relora.restart-warmup=1"
            })
    private static MultiLayerNetwork relora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            update = "adalora",
            options = {"adalora.total-steps=100", "adalora.final-steps=95", "adalora.target-rank=1"})
    private static MultiLayerNetwork adalora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            update = "maestro",
            options = {"maestro.lasso=0.001", "maestro.threshold=0.01", "maestro.shrink=3"})
    private static MultiLayerNetwork maestro(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "trp", options = "trp.interval=4")
    private static MultiLayerNetwork trp(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            update = "switch-ema",
            options = {"switch-ema.mu=0.5", "switch-ema.switch=3"})
    private static MultiLayerNetwork switchEma(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "lora-sb", options = "lora-sb.rate=0.01")
    private static MultiLayerNetwork loraSbAtOwnRate(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, update = "vera", init = "pissa")
    private static MultiLayerNetwork veraWithInit(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    interface Rule {
        MultiLayerNetwork during(Supplier<MultiLayerNetwork> program);
    }

    /**
     * One method.
     *
     * @param entries of its tensors in both adapted layers
     * @param moved how far its start moves W at most, whatever the learning rate, in parts of W's largest entry
     */
    private record Method(String name, Rule rule, int entries, double moved) {

        /** One whose start leaves the network as it is. */
        Method(String name, Rule rule, int entries) {
            this(name, rule, entries, 0);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Method> methods() {
        return Stream.of(
                new Method("pissa", PublishedMethodsTest::pissa, LEFT + RIGHT),
                new Method("pissa, fast", PublishedMethodsTest::fastPissa, LEFT + RIGHT),
                new Method("milora", PublishedMethodsTest::milora, LEFT + RIGHT),
                new Method("olora", PublishedMethodsTest::olora, LEFT + RIGHT),
                new Method("orthogonal", PublishedMethodsTest::orthogonal, LEFT + RIGHT),
                new Method("lora-fa", PublishedMethodsTest::loraFa, RIGHT),
                new Method("lora-pro", PublishedMethodsTest::loraPro, LEFT + RIGHT),
                new Method("lora-pro, full", PublishedMethodsTest::loraProFull, LEFT + RIGHT),
                new Method("lora-xs", PublishedMethodsTest::loraXs, 2 * RANK * RANK, 1e-3),
                new Method("lora-sb", PublishedMethodsTest::loraSb, 2 * RANK * RANK),
                new Method("lora-one", PublishedMethodsTest::loraOne, LEFT + RIGHT, 0.05),
                new Method("loldu", PublishedMethodsTest::loldu, 2 * (RANK + 1)),
                new Method("vera", PublishedMethodsTest::vera, 2 * RANK + 8 + 7),
                new Method("dora", PublishedMethodsTest::dora, LEFT + RIGHT + 8 + 7),
                new Method("dora, lora-ga", PublishedMethodsTest::doraFromGradient, LEFT + RIGHT + 8 + 7),
                new Method("relora", PublishedMethodsTest::relora, LEFT + RIGHT),
                new Method("adalora", PublishedMethodsTest::adalora, LEFT + RIGHT + 2 * RANK),
                new Method("maestro", PublishedMethodsTest::maestro, 6 * (6 + 8) + 7 * (8 + 7), 1e-5));
    }

    /** Those that train W itself. */
    private static Stream<Method> methodsOfTheWeight() {
        int weights = 6 * 8 + 8 * 7;
        return Stream.of(
                new Method("trp", PublishedMethodsTest::trp, weights, 0.9),
                new Method("switch-ema", PublishedMethodsTest::switchEma, weights));
    }

    static Stream<Method> allMethods() {
        return Stream.concat(methods(), methodsOfTheWeight());
    }

    private static MultiLayerNetwork initialised(Method method, IUpdater updater) {
        return method.rule().during(() -> Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, updater))));
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES);
    }

    @ParameterizedTest
    @MethodSource("allMethods")
    void itLearnsAndLeavesTheRestAlone(Method method) {
        MultiLayerNetwork network = initialised(method, new Adam(0.02));
        INDArray bias = network.getParam("0_b").dup();
        INDArray weight = network.getParam("0_W").dup();
        DataSet data = batch(1);
        double before = network.score(data, false);
        for (int i = 0; i < 120; i++) {
            network.fit(data);
        }
        double after = network.score(data, false);
        assertTrue(after < before / 4, "the loss fell from " + before + " to " + after + " only");
        assertEquals(method.entries() + HEAD, Nets.gradientEntries(network), "entries of the gradient vector");
        Nets.assertSame(bias, network.getParam("0_b"), "a frozen bias");
        Nets.assertMoved(weight, network.getParam("0_W"), "an adapted weight");
    }

    @ParameterizedTest
    @MethodSource("allMethods")
    void itGoesOnFromItsFileBitForBit(Method method) {
        MultiLayerNetwork network = initialised(method, new Adam(0.02));
        for (int i = 0; i < 4; i++) {
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
        for (int i = 4; i < 8; i++) {
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
    @MethodSource("allMethods")
    void atRateZeroNoBitOfAnAdaptedWeightMoves(Method method) {
        // ND4J's Adam puts a small number in the place of a rate of 0, so only this method's own use of it is exact.
        boolean wantsAdam = method.name().equals("lora-pro, full");
        MultiLayerNetwork network = initialised(method, wantsAdam ? new Adam(0) : new Sgd(0));
        INDArray original = network.getParam("0_W").dup();
        network.fit(batch(0));
        INDArray started = network.getParam("0_W").dup();
        if (method.moved() > 0) {
            Nets.assertMoved(original, started, "a weight whose published start moves it a little");
            Nets.assertClose(original, started, method.moved(), "a weight whose published start moves it a little");
        } else {
            Nets.assertSame(original, started, "an adapted weight");
        }
        network.fit(batch(1));
        network.fit(batch(2));
        Nets.assertSame(started, network.getParam("0_W"), "an adapted weight");
    }

    @Test
    void theFullModeOfLoraProWantsAdam() {
        MultiLayerNetwork network =
                loraProFull(() -> Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.1)))));
        RuntimeException refused = assertThrows(RuntimeException.class, () -> network.fit(batch(0)));
        assertTrue(refused.getMessage().contains("lora-pro.mode=efficient"), refused.getMessage());
    }

    @Test
    void anInitialisationBesideAnUpdateWithItsOwnStartIsRefused() {
        MultiLayerNetwork network =
                veraWithInit(() -> Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.1)))));
        RuntimeException refused = assertThrows(RuntimeException.class, () -> network.fit(batch(0)));
        assertTrue(refused.getMessage().contains("update=vera without init"), refused.getMessage());
        assertTrue(refused.getMessage().contains("init=pissa with update=dora"), refused.getMessage());
    }

    @Test
    void loraSbTakesTheLeadingPartOfASignStep() {
        DataSet data = batch(0);
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0))));
        stock.setInput(data.getFeatures().castTo(DataType.DOUBLE));
        stock.setLabels(data.getLabels().castTo(DataType.DOUBLE));
        stock.computeGradientAndScore();
        MultiLayerNetwork network =
                loraSbAtOwnRate(() -> Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0)))));
        network.fit(data);
        for (String weight : new String[] {"0_W", "1_W"}) {
            INDArray step = Transforms.sign(stock.gradient().getGradientFor(weight), true)
                    .muli(-0.01);
            INDArray expected = ThinSvd.of(step).truncated(RANK);
            INDArray moved = network.getParam(weight).sub(stock.getParam(weight));
            Nets.assertClose(expected, moved, 1e-9, weight);
        }
    }

    @Test
    void layersShareTheMatricesOfVera() {
        MultiLayerNetwork network = initialised(new Method("vera", PublishedMethodsTest::vera, 0), new Adam(0.02));
        network.fit(batch(0));
        Map<String, INDArray> tensors = AdapterFile.tensors(network);
        assertEquals(tensors.get("adapter/layer0/seed"), tensors.get("adapter/layer1/seed"));
        assertTrue(tensors.keySet().stream().noneMatch(name -> name.endsWith("/A")), "the shared ones are not saved");
    }
}
