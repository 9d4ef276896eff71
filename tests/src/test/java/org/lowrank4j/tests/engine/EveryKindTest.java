package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.method.Method;
import org.lowrank4j.network.NetworkWeights;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.tests.pages.tables.LayerSamples;
import org.lowrank4j.update.StartedUpdate;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Every method on every kind of layer, all of them as the catalogues have them: a pair trains, moves W by no more than its
 * rank says and nothing else, and goes on from its zip bit for bit; or it is refused before the first step with a sentence
 * that says why and what to write instead, and nothing has moved.
 */
class EveryKindTest {

    private static final DataType TYPE = DataType.DOUBLE;
    private static final int EXAMPLES = 6;
    private static final int CLASSES = 4;
    private static final int STEPS = 2;
    private static final String KEY = "it";
    private static final Methods METHODS = Methods.load(null);

    /** What fits layers as small as these. */
    private static final Map<String, Map<String, String>> SMALL =
            Map.of("orthogonal", Map.of("rank", "2"), "random-subspace", Map.of("random-subspace.dimension", "3"));

    /** What a rule of a pair names besides its method. */
    @TempDir
    Path files;

    /** A network of one layer of a type, as far as it is not an output itself under pooling and an output layer. */
    private record Sample(String type, @Nullable Layer layer, InputType input) {

        static Stream<Sample> all() {
            return Stream.concat(
                    LayerSamples.layers().entrySet().stream()
                            .map(sample -> new Sample(
                                    sample.getKey().getClass().getSimpleName(), sample.getKey(), sample.getValue())),
                    Stream.of(new Sample("AttentionVertex", null, LayerSamples.SERIES)));
        }

        ComputationGraph network() {
            GraphBuilder graph = Nets.settings(TYPE, new Adam(0.01))
                    .graphBuilder()
                    .addInputs("in")
                    .setInputTypes(input);
            if (layer == null) {
                graph.addVertex(KEY, LayerSamples.vertex(), "in", "in", "in");
            } else {
                graph.addLayer(KEY, layer.clone(), "in");
            }
            if (layer instanceof BaseOutputLayer) {
                return Nets.initialised(graph.setOutputs(KEY).build());
            }
            String last = KEY;
            if (input.getType() != InputType.Type.FF) {
                graph.addLayer("pool", new GlobalPoolingLayer.Builder().build(), last);
                last = "pool";
            }
            OutputLayer out = new OutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(CLASSES)
                    .build();
            return Nets.initialised(
                    graph.addLayer("out", out, last).setOutputs("out").build());
        }

        LayerKind kind() {
            ComputationGraph network = network();
            return Objects.requireNonNull(
                    LayerKinds.of(layer == null ? network.getVertex(KEY) : network.getLayer(KEY)));
        }

        boolean runsPassesOfItsOwn() {
            return layer != null && kind().standIn(network().getLayer(KEY)) != null;
        }

        DataSet data() {
            long[] shape = input.getShape(true);
            shape[0] = EXAMPLES;
            if (layer instanceof RnnOutputLayer) {
                return Data.sequences(1, TYPE, EXAMPLES, (int) shape[1], CLASSES, (int) shape[2]);
            }
            INDArray features = layer instanceof EmbeddingLayer
                    ? tokens(EXAMPLES, 1)
                    : layer instanceof EmbeddingSequenceLayer
                            ? tokens(EXAMPLES, shape[2])
                            : Data.normal(1, TYPE, shape);
            return new DataSet(features, Data.oneHot(2, TYPE, EXAMPLES, CLASSES));
        }

        private static INDArray tokens(long... shape) {
            INDArray tokens = Nd4j.create(TYPE, shape);
            for (int i = 0; i < tokens.length(); i++) {
                tokens.putScalar(i, i * i % 5);
            }
            return tokens;
        }

        @Override
        public String toString() {
            return type;
        }
    }

    @Test
    void everyKindThatHasMatricesHasASample() {
        Set<Class<?>> missing = LayerKinds.all().stream()
                .filter(kind -> !kind.matrices().isEmpty() && isOurs(kind))
                .map(LayerKind::getClass)
                .collect(Collectors.toCollection(HashSet::new));
        Sample.all().forEach(sample -> {
            ComputationGraph network = sample.network();
            LayerKind kind = LayerKinds.of(sample.layer() == null ? network.getVertex(KEY) : network.getLayer(KEY));
            missing.remove(kind == null ? null : kind.getClass());
        });
        assertEquals(Set.of(), missing);
    }

    private static boolean isOurs(Object service) {
        return service.getClass().getPackageName().matches("org\\.lowrank4j\\.(kind|initialisation|gradient|update)");
    }

    /** One method, named by the key under which rules name it. */
    private record Chosen(String key, Method method) {

        static Stream<Chosen> all() {
            return Stream.of(
                            METHODS.initialisations().stream().map(start -> new Chosen("init", start)),
                            METHODS.gradients().stream().map(gradient -> new Chosen("gradient", gradient)),
                            METHODS.updates().stream().map(update -> new Chosen("update", update)))
                    .flatMap(all -> all)
                    .filter(chosen -> isOurs(chosen.method()));
        }

        String name() {
            return method.name();
        }

        /** Whether W moves by a product of two factors and nothing else, once they have started. */
        boolean isOfLowRank() {
            return key.equals("init")
                    || key.equals("update")
                            && method instanceof StartedUpdate
                            && !Set.of("dora", "switchlora", "relora").contains(name());
        }

        @Override
        public String toString() {
            return key + "=" + name();
        }
    }

    @TestFactory
    Stream<DynamicContainer> pairs() {
        return pairs(Sample::runsPassesOfItsOwn);
    }

    /** Of kinds whose passes are DL4J's: to a method, one of these is as the other. */
    @TestFactory
    @Tag("slow")
    Stream<DynamicContainer> pairsOfKindsWithoutPasses() {
        return pairs(sample -> !sample.runsPassesOfItsOwn());
    }

    private Stream<DynamicContainer> pairs(Predicate<Sample> which) {
        return Sample.all()
                .filter(which)
                .map(sample -> DynamicContainer.dynamicContainer(
                        sample.type(),
                        Chosen.all()
                                .map(chosen -> DynamicTest.dynamicTest(
                                        chosen.toString(), () -> trainsOrIsRefused(sample, chosen)))));
    }

    private void trainsOrIsRefused(Sample sample, Chosen chosen) {
        Map<String, String> rule = rule(sample, chosen);
        DataSet data = sample.data();
        ComputationGraph network = Rules.during(rule, sample::network);
        Map<String, INDArray> before = copy(network.paramTable());
        Set<String> matrices = matrices(network);
        try {
            network.fit(data);
        } catch (LowRankException refused) {
            before.forEach(
                    (name, value) -> Nets.assertSame(value, network.paramTable().get(name), name));
            assertTrue(refused.getMessage().contains(chosen.name()), refused.getMessage());
            assertTrue(refused.getMessage().contains(KEY), refused.getMessage());
            return;
        }
        NetworkWeights weights = NetworkWeights.of(network);
        Map<String, INDArray> started = new LinkedHashMap<>();
        matrices.forEach(key -> started.put(key, weights.matrix(key).dup()));
        double loss = network.score();
        fit(network, data);
        assertTrue(Double.isFinite(network.score()), "the loss is " + network.score());
        before.forEach((name, value) -> {
            if (matrices.contains(key(name))) {
                Nets.assertMoved(value, network.paramTable().get(name), name);
            } else {
                Nets.assertSame(value, network.paramTable().get(name), name);
            }
        });
        assertTrue(loss != network.score(), "the loss stayed at " + loss);
        if (chosen.isOfLowRank()) {
            // Both products, that of the factors as they are and that of those at the start.
            int most = 2 * Integer.parseInt(rule.get("rank"));
            started.forEach((key, value) -> {
                double[] values = ThinSvd.of(weights.matrix(key).sub(value)).singularValues();
                assertTrue(
                        values.length <= most || values[most] < 1e-9 * values[0],
                        () -> key + " moved by " + Arrays.toString(values));
            });
        }
        ComputationGraph resumed = Rules.during(rule, () -> restored(AdapterFile.zip(network)));
        network.fit(data);
        resumed.fit(data);
        Nets.assertSame(network.params(), resumed.params(), "parameters a step after the zip");
    }

    private Map<String, String> rule(Sample sample, Chosen chosen) {
        Map<String, String> rule =
                new LinkedHashMap<>(Map.of("rank", "1", "layers", KEY, "train", "none", "bias", "none"));
        rule.put(chosen.key(), chosen.name());
        if (!chosen.key().equals("init")) {
            rule.putAll(EarlierSavesTest.OPTIONS.getOrDefault(chosen.name(), Map.of()));
        }
        rule.putAll(SMALL.getOrDefault(chosen.name(), Map.of()));
        if (chosen.method().options().stream().anyMatch(option -> option.name().equals("batches"))) {
            rule.put(chosen.name() + ".batches", "1");
        }
        if (chosen.name().equals("adapter")) {
            rule.put("adapter.path", adapter(sample).toString());
        }
        if (chosen.name().equals("eora")) {
            rule.put(
                    "eora.original",
                    saved(sample.network(), sample.type() + ".zip").toString());
        }
        return rule;
    }

    /** An adapter of rank 1 for the network of a sample. */
    private Path adapter(Sample sample) {
        Path directory = files.resolve(sample.type());
        ComputationGraph network = sample.network();
        Path base = saved(network, sample.type() + "-base.zip");
        ComputationGraph tuned = Rules.during(
                Map.of("rank", "1", "layers", KEY, "train", "none"), () -> restored(AdapterFile.zip(network)));
        fit(tuned, sample.data());
        Path after = saved(tuned, sample.type() + "-tuned.zip");
        try {
            PeftDirectory.write(TrainedAdapter.of(ModelFile.read(base), ModelFile.read(after)), directory);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
        return directory;
    }

    private Path saved(ComputationGraph network, String name) {
        try {
            Path file = files.resolve(name);
            network.save(file.toFile());
            return file;
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    private static void fit(ComputationGraph network, DataSet data) {
        for (int i = 0; i < STEPS; i++) {
            network.fit(data);
        }
    }

    private static ComputationGraph restored(byte[] zip) {
        try {
            return ModelSerializer.restoreComputationGraph(AdapterFile.input(zip), true);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Map<String, INDArray> copy(Map<String, INDArray> parameters) {
        Map<String, INDArray> copies = new LinkedHashMap<>();
        parameters.forEach((name, value) -> copies.put(name, value.dup()));
        return copies;
    }

    /** The keys of the layer's matrices. */
    private static Set<String> matrices(ComputationGraph network) {
        Predicate<String> its = key -> key.equals(KEY) || key.startsWith(KEY + "/");
        return NetworkWeights.of(network).matrices().stream()
                .filter(its)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** The key of the matrix in a parameter, {@code it_W}. */
    private static String key(String parameter) {
        String name = parameter.substring(parameter.indexOf('_') + 1);
        return parameter.startsWith(KEY + "_") ? name.equals("W") ? KEY : KEY + "/" + name : "";
    }
}
