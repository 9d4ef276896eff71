package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.subspace.Projection;
import org.lowrank4j.subspace.ProjectionKind;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Training in a random subspace: the step, the file, the settings that are refused. */
class RandomSubspaceTest {

    private static final int DIMENSION = 60;

    /** W and b of 6-8-7-3. */
    private static final int[] SIZES = {6 * 8, 8, 8 * 7, 7, 7 * 3, 3};

    private static final List<String> NAMES = List.of("0_W", "0_b", "1_W", "1_b", "2_W", "2_b");
    private static final int ENTRIES = 143;

    @LowRank(update = "random-subspace", options = "random-subspace.dimension=60")
    private static <T> T fastfood(Supplier<T> program) {
        return program.get();
    }

    @LowRank(
            update = "random-subspace",
            seed = 77,
            options = {"random-subspace.dimension=60", "random-subspace.projection=sparse"})
    private static <T> T sparse(Supplier<T> program) {
        return program.get();
    }

    @LowRank(
            update = "random-subspace",
            options = {"random-subspace.dimension=60", "random-subspace.projection=dense"})
    private static <T> T dense(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace", options = "random-subspace.dimension=143")
    private static <T> T asLargeAsTheNetwork(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace", options = "random-subspace.dimension=144")
    private static <T> T tooLarge(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace")
    private static <T> T withoutDimension(Supplier<T> program) {
        return program.get();
    }

    @LowRank(
            update = "random-subspace",
            options = {"random-subspace.dimension=60", "random-subspace.projection=orthogonal"})
    private static <T> T unknownProjection(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace", loraplus = 4, options = "random-subspace.dimension=60")
    private static <T> T withLoraPlus(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace", init = "pissa", options = "random-subspace.dimension=60")
    private static <T> T withInit(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace", gradient = "galore", rank = 2, options = "random-subspace.dimension=60")
    private static <T> T withGalore(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace", rank = 2, options = "random-subspace.dimension=60")
    @LowRank.Layer(layers = "layer1", update = "lora")
    private static <T> T withAnotherUpdate(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace", layers = "1", options = "random-subspace.dimension=30")
    private static <T> T oneLayerAndTheHead(Supplier<T> program) {
        return program.get();
    }

    @LowRank(update = "random-subspace", bias = "none", train = "none", options = "random-subspace.dimension=30")
    private static <T> T weightsOnly(Supplier<T> program) {
        return program.get();
    }

    interface Rule {
        MultiLayerNetwork during(Supplier<MultiLayerNetwork> program);
    }

    private record Method(ProjectionKind kind, Rule rule) {
        @Override
        public String toString() {
            return kind.toString();
        }
    }

    static Stream<Method> methods() {
        return Stream.of(
                new Method(ProjectionKind.FASTFOOD, RandomSubspaceTest::fastfood),
                new Method(ProjectionKind.SPARSE, RandomSubspaceTest::sparse),
                new Method(ProjectionKind.DENSE, RandomSubspaceTest::dense));
    }

    private static NeuralNetConfiguration.Builder settings(IUpdater updater) {
        return Nets.settings(DataType.DOUBLE, updater);
    }

    private static MultiLayerNetwork initialised(Rule rule, NeuralNetConfiguration.Builder settings) {
        return rule.during(() -> Nets.initialised(Nets.layers(settings)));
    }

    private static DataSet batch(int i, DataType type) {
        return Data.classes(i, type, 9, Nets.INPUTS, Nets.CLASSES);
    }

    private static DataSet batch(int i) {
        return batch(i, DataType.DOUBLE);
    }

    private static INDArray z(MultiLayerNetwork network) {
        return AdapterFile.tensors(network).get("network/z");
    }

    /** The projection of a network, from the seed in its file. */
    private static Projection projection(ProjectionKind kind, MultiLayerNetwork network, DataType type) {
        INDArray origin =
                AdapterFile.tensors(network).get("network/" + kind.name().toLowerCase(Locale.ROOT));
        assertEquals(ENTRIES, origin.getLong(1), "entries");
        return kind.draw(SIZES, DIMENSION, type, origin.getLong(0));
    }

    /** W of a layer in column-major order, then its bias, layer after layer: DL4J's order of parameters. */
    private static INDArray joint(Function<String, INDArray> tensor) {
        return Nd4j.concat(
                0,
                NAMES.stream()
                        .map(tensor)
                        .map(array -> array.dup('f').reshape('f', new long[] {array.length()}))
                        .toArray(INDArray[]::new));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void oneStepOfSgdFollowsTheFormula(Method method) {
        double rate = 0.3;
        double l2 = 0.05;
        double decay = 0.02;
        MultiLayerNetwork network =
                initialised(method.rule(), settings(new Sgd(rate)).l2(l2).weightDecayBias(decay));
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(settings(new Sgd(rate))));
        Gradient mean = stock.calculateGradients(batch(1).getFeatures(), batch(1).getLabels(), null, null)
                .getFirst();
        INDArray before = network.params().dup();
        network.fit(batch(1));
        INDArray gradient = joint(name -> {
            INDArray ofData = mean.getGradientFor(name).div(9);
            INDArray value = stock.getParam(name);
            return ofData.addi(value.mul(name.endsWith("W") ? l2 : decay));
        });
        Projection projection = projection(method.kind(), network, DataType.DOUBLE);
        INDArray dz = Nd4j.create(DataType.DOUBLE, DIMENSION);
        projection.pullBack(gradient, dz);
        Nets.assertClose(dz.mul(-rate), z(network), 1e-12, "z");
        INDArray moved = Nd4j.create(DataType.DOUBLE, ENTRIES);
        projection.expand(dz.mul(-rate), moved);
        Nets.assertClose(
                moved, network.params().sub(before).reshape(ENTRIES), 1e-11, "the way of all weights and biases");
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theNetworkStaysInItsSubspace(Method method) {
        for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
            MultiLayerNetwork network = initialised(method.rule(), Nets.settings(type, new Adam(0.02)));
            INDArray before = network.params().dup();
            for (int i = 0; i < 200; i++) {
                network.fit(batch(i % 7, type));
            }
            INDArray offset = Nd4j.create(type, ENTRIES);
            projection(method.kind(), network, type).expand(z(network), offset);
            Nets.assertClose(
                    offset,
                    network.params().sub(before).reshape(ENTRIES),
                    type == DataType.DOUBLE ? 1e-13 : 1e-5,
                    "the way from the start, " + type);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void itLearnsWithGradientAndStateForFewNumbers(Method method) {
        MultiLayerNetwork network = initialised(method.rule(), Nets.settings(DataType.FLOAT, new Adam(0.02)));
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.02))));
        DataSet data = batch(1, DataType.FLOAT);
        double before = network.score(data, false);
        List<String> lines = CapturedErrors.of(() -> network.fit(data));
        for (int i = 0; i < 200; i++) {
            network.fit(data);
        }
        double after = network.score(data, false);
        assertTrue(after < before / 4, "the loss fell from " + before + " to " + after + " only");
        for (String name : NAMES) {
            Nets.assertMoved(stock.getParam(name), network.getParam(name), name);
        }
        assertEquals(ENTRIES, Nets.gradientEntries(network), "entries of the gradient vector");
        assertEquals(
                1,
                CapturedErrors.containing(
                                lines, "trainable params: 60 || all params: 203 || trainable%: 29.5567, which move 143")
                        .size(),
                lines::toString);
        assertEquals(1, CapturedErrors.containing(lines, "updater state 480 B").size(), lines::toString);
        assertEquals(1, CapturedErrors.containing(lines, "bias lora-only").size(), lines::toString);
        Set<String> state = AdapterFile.tensors(network).keySet();
        assertEquals(
                Set.of("network/z", "network/" + method.kind().name().toLowerCase(Locale.ROOT), "updater/network/z"),
                state);
        assertEquals(
                2 * DIMENSION,
                AdapterFile.tensors(network).get("updater/network/z").length());
    }

    @ParameterizedTest
    @MethodSource("methods")
    void itGoesOnFromItsFileBitForBit(Method method) {
        MultiLayerNetwork network = initialised(method.rule(), Nets.settings(DataType.FLOAT, new Adam(0.02)));
        for (int i = 0; i < 5; i++) {
            network.fit(batch(i, DataType.FLOAT));
        }
        byte[] zip = AdapterFile.zip(network);
        MultiLayerNetwork loaded = method.rule().during(() -> AdapterFile.network(zip));
        AdapterFile.assertGoOn(network, loaded, 5, 4, i -> batch(i, DataType.FLOAT));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void atRateZeroNoBitMoves(Method method) {
        for (IUpdater updater : new IUpdater[] {new Adam(0), new Sgd(0)}) {
            MultiLayerNetwork network =
                    initialised(method.rule(), settings(updater).weightDecay(0.1));
            INDArray original = network.params().dup();
            for (int i = 0; i < 4; i++) {
                network.fit(batch(i));
            }
            Nets.assertSame(original, network.params(), "all parameters under " + updater);
            assertEquals(0, z(network).normmaxNumber().doubleValue(), "z");
        }
    }

    @Test
    void graphsAndNetworksWithoutWorkspacesAreTheSame() {
        MultiLayerNetwork layers = initialised(RandomSubspaceTest::fastfood, settings(new Adam(0.02)));
        MultiLayerNetwork without = initialised(
                RandomSubspaceTest::fastfood,
                settings(new Adam(0.02))
                        .trainingWorkspaceMode(WorkspaceMode.NONE)
                        .inferenceWorkspaceMode(WorkspaceMode.NONE));
        ComputationGraph graph = fastfood(() -> Nets.initialised(Nets.graph(settings(new Adam(0.02)))));
        graph.params().assign(layers.params());
        for (int i = 0; i < 5; i++) {
            layers.fit(batch(i));
            without.fit(batch(i));
            graph.fit(batch(i));
        }
        Nets.assertSame(layers.params(), without.params(), "without workspaces");
        Nets.assertClose(layers.params(), graph.params(), 1e-12, "the graph");
    }

    @Test
    void aStepThatIsNotFiniteMovesNothing() {
        MultiLayerNetwork network = initialised(RandomSubspaceTest::fastfood, settings(new Adam(0.02)));
        network.fit(batch(1));
        Map<String, INDArray> before = AdapterFile.tensors(network);
        INDArray parameters = network.params().dup();
        DataSet broken = batch(2);
        broken.getFeatures().putScalar(0, 0, Double.NaN);
        network.fit(broken);
        Nets.assertSame(parameters, network.params(), "parameters");
        Map<String, INDArray> after = AdapterFile.tensors(network);
        before.forEach((name, tensor) -> Nets.assertSame(tensor, after.get(name), name));
        network.fit(batch(3));
        Nets.assertMoved(parameters, network.params(), "the next step");
    }

    @Test
    void whatTheUserSelectsMovesAndNothingElse() {
        MultiLayerNetwork untouched = Nets.initialised(Nets.layers(settings(new Adam(0.02))));
        MultiLayerNetwork one = initialised(RandomSubspaceTest::oneLayerAndTheHead, settings(new Adam(0.02)));
        MultiLayerNetwork weights = initialised(RandomSubspaceTest::weightsOnly, settings(new Adam(0.02)));
        MultiLayerNetwork all = initialised(RandomSubspaceTest::asLargeAsTheNetwork, settings(new Adam(0.02)));
        for (int i = 0; i < 3; i++) {
            one.fit(batch(i));
            weights.fit(batch(i));
            all.fit(batch(i));
        }
        Nets.assertTrained(untouched, one, Set.of("1_W", "1_b", "2_W", "2_b"));
        Nets.assertTrained(untouched, weights, Set.of("0_W", "1_W"));
        Nets.assertTrained(untouched, all, Set.copyOf(NAMES));
    }

    @Test
    void anotherProjectionStartsAnewAndSaysSo() {
        MultiLayerNetwork network = initialised(RandomSubspaceTest::fastfood, settings(new Adam(0.02)));
        network.fit(batch(1));
        byte[] zip = AdapterFile.zip(network);
        MultiLayerNetwork loaded = dense(() -> AdapterFile.network(zip));
        List<String> lines = CapturedErrors.of(() -> loaded.fit(batch(2)));
        String all = String.join(" ", lines);
        assertTrue(all.contains("has no array dense; it has fastfood, z"), all);
        assertTrue(all.contains("or with other options"), all);
        assertNull(AdapterFile.tensors(loaded).get("network/fastfood"));
    }

    private static void refused(Rule rule, NeuralNetConfiguration.Builder settings, String... parts) {
        MultiLayerConfiguration configuration = Nets.layers(settings);
        MultiLayerNetwork network = rule.during(() -> Nets.initialised(configuration));
        INDArray before = network.params().dup();
        String message = assertThrows(RuntimeException.class, () -> network.fit(batch(1)))
                .getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "'" + part + "' in: " + message);
        }
        Nets.assertSame(before, network.params(), "parameters");
    }

    @Test
    void subspacesThatAreNone() {
        NeuralNetConfiguration.Builder settings = settings(new Adam(0.02));
        refused(
                RandomSubspaceTest::tooLarge,
                settings,
                "random-subspace.dimension=144 is refused: a subspace of 144 dimensions is larger than the network, which"
                        + " trains 143 parameters. Use at most 143");
        refused(
                RandomSubspaceTest::withoutDimension,
                settings,
                "random-subspace.dimension must be given: d, how many numbers");
        refused(
                RandomSubspaceTest::unknownProjection,
                settings,
                "random-subspace.projection=orthogonal is refused",
                "one of fastfood, dense, sparse");
    }

    @Test
    void settingsThatDoNotFitASubspace() {
        NeuralNetConfiguration.Builder settings = settings(new Adam(0.02));
        refused(
                RandomSubspaceTest::withLoraPlus,
                settings,
                "trains 60 numbers in the place of the whole network, with one updater",
                "without loraplus");
        refused(RandomSubspaceTest::withInit, settings, "init 'pissa'", "does not fit update 'random-subspace'");
        refused(RandomSubspaceTest::withGalore, settings, "gradient=galore", "goes with update=full, trp");
        refused(RandomSubspaceTest::withAnotherUpdate, settings, "update=random-subspace", "Give all layers the same.");
        refused(
                RandomSubspaceTest::fastfood,
                settings(new Adam(0.02)).biasUpdater(new Sgd(0.5)),
                "W of layer 'layer0' has Adam(learningRate=0.02",
                "b of layer 'layer0' has Sgd(learningRate=0.5");
    }

    /** The rate of one layer cannot change by itself, and trying to change it leaves the training as it was. */
    @Test
    void theRateOfOneLayerIsRefused() {
        MultiLayerNetwork network = initialised(RandomSubspaceTest::fastfood, settings(new Adam(0.02)));
        network.fit(batch(1));
        String message = assertThrows(RuntimeException.class, () -> network.setLearningRate(1, 0.5))
                .getMessage();
        assertTrue(message.contains("W of layer 'layer1' has Adam(learningRate=0.5"), message);
        network.setLearningRate(1, 0.02);
        network.fit(batch(2));
        Nets.assertMoved(Nd4j.zeros(DataType.DOUBLE, DIMENSION), z(network), "z");
    }
}
