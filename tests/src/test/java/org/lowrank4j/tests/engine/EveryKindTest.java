package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
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
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.method.Method;
import org.lowrank4j.network.NetworkWeights;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.StartedUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Every method on every kind of layer, all of them as the catalogues have them: a pair trains, moves W by no more than its
 * rank says and nothing else, and goes on from its zip bit for bit; or it is refused before the first step with a sentence
 * that says why and what to write instead, and nothing has moved. Refused are the starts that learn from inputs where a layer does
 * not show them, and nothing else.
 */
class EveryKindTest {

    private static final int STEPS = 2;
    private static final Methods METHODS = Methods.load(null);

    /** What fits layers as small as these, and moves W though not every token is seen. */
    private static final Map<String, Map<String, String>> SMALL = Map.of(
            "orthogonal", Map.of("rank", "2"),
            "random-subspace", Map.of("random-subspace.dimension", "3"),
            "s2ft", Map.of("s2ft.side", "columns"),
            "lora-rite", Map.of("lora-rite.skip", "1000"));

    /** What a rule of a pair names besides its method. */
    @TempDir
    Path files;

    @Test
    void everyKindThatHasMatricesHasASample() {
        Set<Class<?>> missing = LayerKinds.all().stream()
                .filter(kind -> !kind.matrices().isEmpty() && isOurs(kind))
                .map(LayerKind::getClass)
                .collect(Collectors.toCollection(HashSet::new));
        KindSample.all().forEach(sample -> {
            ComputationGraph network = sample.network();
            LayerKind kind = LayerKinds.of(
                    sample.layer() == null ? network.getVertex(KindSample.KEY) : network.getLayer(KindSample.KEY));
            missing.remove(kind == null ? null : kind.getClass());
        });
        assertEquals(Set.of(), missing);
    }

    private static boolean isOurs(Object service) {
        return service.getClass()
                .getPackageName()
                .matches("org\\.lowrank4j\\.(kind|initialisation|gradient|update|updater|average)");
    }

    /** One method, named by the key under which rules name it. */
    private record Chosen(String key, Method method) {

        static Stream<Chosen> all() {
            return Stream.of(
                            METHODS.initialisations().stream().map(start -> new Chosen("init", start)),
                            METHODS.gradients().stream().map(gradient -> new Chosen("gradient", gradient)),
                            METHODS.updates().stream().map(update -> new Chosen("update", update)),
                            METHODS.updaters().stream().map(updater -> new Chosen("updater", updater)),
                            METHODS.averages().stream().map(average -> new Chosen("average", average)),
                            Stream.of(new Chosen("bits", () -> "2")))
                    .flatMap(all -> all)
                    .filter(chosen -> isOurs(chosen.method()) || chosen.key().equals("bits"));
        }

        String name() {
            return method.name();
        }

        boolean needsInputs() {
            return method instanceof Initialisation start && start.need() == Initialisation.Need.INPUTS;
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
        return pairs(KindSample::runsPassesOfItsOwn);
    }

    /** Of kinds whose passes are DL4J's: to a method, one of these is as the other. */
    @TestFactory
    @Tag("slow")
    Stream<DynamicContainer> pairsOfKindsWithoutPasses() {
        return pairs(sample -> !sample.runsPassesOfItsOwn());
    }

    private Stream<DynamicContainer> pairs(Predicate<KindSample> which) {
        return KindSample.all()
                .filter(which)
                .map(sample -> DynamicContainer.dynamicContainer(
                        sample.type(),
                        Chosen.all()
                                .map(chosen -> DynamicTest.dynamicTest(
                                        chosen.toString(), () -> trainsOrIsRefused(sample, chosen)))));
    }

    private void trainsOrIsRefused(KindSample sample, Chosen chosen) {
        Map<String, String> rule = rule(sample, chosen);
        DataSet data = sample.data();
        ComputationGraph network = Rules.during(rule, sample::network);
        Map<String, INDArray> before = copy(network.paramTable());
        Set<String> matrices = KindSample.matrices(network);
        try {
            network.fit(data);
        } catch (LowRankException refused) {
            before.forEach(
                    (name, value) -> Nets.assertSame(value, network.paramTable().get(name), name));
            assertTrue(chosen.needsInputs() && !sample.showsInputs(), refused.getMessage());
            assertTrue(refused.getMessage().contains(chosen.name()), refused.getMessage());
            assertTrue(refused.getMessage().contains("init@" + KindSample.KEY + "=kaiming"), refused.getMessage());
            return;
        }
        assertTrue(!chosen.needsInputs() || sample.showsInputs(), "it sees no inputs and starts");
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

    private Map<String, String> rule(KindSample sample, Chosen chosen) {
        Map<String, String> rule =
                new LinkedHashMap<>(Map.of("rank", "1", "layers", KindSample.KEY, "train", "none", "bias", "none"));
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
    private Path adapter(KindSample sample) {
        Path directory = files.resolve(sample.type());
        ComputationGraph network = sample.network();
        Path base = saved(network, sample.type() + "-base.zip");
        ComputationGraph tuned = Rules.during(
                Map.of("rank", "1", "layers", KindSample.KEY, "train", "none"),
                () -> restored(AdapterFile.zip(network)));
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

    /** The key of the matrix in a parameter, {@code it_W}. */
    private static String key(String parameter) {
        String name = parameter.substring(parameter.indexOf('_') + 1);
        return parameter.startsWith(KindSample.KEY + "_")
                ? name.equals("W") ? KindSample.KEY : KindSample.KEY + "/" + name
                : "";
    }
}
