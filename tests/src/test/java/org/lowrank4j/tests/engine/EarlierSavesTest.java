package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.method.Method;
import org.lowrank4j.update.LowRankUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/**
 * What an earlier build saved still goes on as it did there: a zip for every method in {@code src/test/resources/saved}, three
 * steps old, with the parameters that the same build had three steps later. A name in a saved state is never changed.
 */
class EarlierSavesTest {

    private static final Path FILES = Path.of("src/test/resources/saved");
    private static final DataType TYPE = DataType.DOUBLE;
    private static final int STEPS = 3;

    /** With which a method does within eight steps all that it does. */
    static final Map<String, Map<String, String>> OPTIONS = Map.of(
            "adalora", Map.of("adalora.total-steps", "9", "adalora.target-rank", "1"),
            "trp", Map.of("trp.interval", "2"),
            "maestro", Map.of("maestro.shrink", "4", "maestro.threshold", "1e-2"),
            "relora",
                    Map.of(
                            "relora.total-steps", "8",
                            "relora.restart", "4",
                            "relora.first-warmup", "1",
                            "relora.restart-warmup", "1"),
            "switchlora", Map.of("switchlora.interval", "2", "switchlora.freeze", "1"),
            "random-subspace", Map.of("random-subspace.dimension", "20"),
            "adafactor", Map.of("adafactor.momentum", "0.9"),
            "powersgd", Map.of("powersgd.start", "1", "powersgd.least-ratio", "1"),
            "mfac", Map.of("mfac.window", "4", "mfac.momentum", "0.5"));

    /** Methods that keep something else with another update or option than they are published with. */
    private static final List<Map<String, String>> MORE = List.of(
            Map.of("update", "lora", "gradient", "adafactor", "adafactor.relative-step", "no"),
            Map.of("update", "lora", "gradient", "adahessian"),
            Map.of(
                    "update",
                    "switchlora",
                    "gradient",
                    "econtrol",
                    "switchlora.interval",
                    "2",
                    "switchlora.freeze",
                    "1"),
            Map.of("update", "trp", "gradient", "apollo", "trp.interval", "2"),
            Map.of("update", "lora", "gradient", "lora-pro", "lora-pro.mode", "full"),
            Map.of("update", "lora-xs", "gradient", "exact", "lora-xs.core-gradient", "equivalent"));

    /** @param rule without the rank, which is 2 */
    private record Saved(String name, Map<String, String> rule) {

        static Saved of(Map<String, String> methods) {
            String update = methods.get("update");
            String gradient = methods.get("gradient");
            Map<String, String> rule = new LinkedHashMap<>(Map.of("rank", "2", "seed", "7"));
            rule.putAll(OPTIONS.getOrDefault(update, Map.of()));
            rule.putAll(OPTIONS.getOrDefault(gradient, Map.of()));
            rule.putAll(methods);
            return new Saved(
                    update + "-" + gradient + (methods.containsKey("lora-pro.mode") ? "-full" : "")
                            + (methods.containsKey("lora-xs.core-gradient") ? "-equivalent" : ""),
                    rule);
        }

        Path zip() {
            return FILES.resolve(name + ".zip");
        }

        /** The parameters that came after, as doubles. */
        Path later() {
            return FILES.resolve(name + ".bin");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Saved> saves() {
        List<Saved> saves = new ArrayList<>();
        for (LowRankUpdate update : ours(LowRankUpdate.class)) {
            saves.add(Saved.of(Map.of("update", update.name(), "gradient", "exact")));
        }
        for (GradientApproximation gradient : ours(GradientApproximation.class)) {
            if (!gradient.name().equals("exact")) {
                saves.add(Saved.of(Map.of("update", gradient.defaultUpdate(), "gradient", gradient.name())));
            }
        }
        MORE.forEach(rule -> saves.add(Saved.of(rule)));
        return saves.stream();
    }

    private static <M extends Method> List<M> ours(Class<M> service) {
        return ServiceLoader.load(service).stream()
                .map(ServiceLoader.Provider::get)
                .filter(method -> !method.getClass().getPackageName().startsWith("org.lowrank4j.tests"))
                .toList();
    }

    private static void fit(MultiLayerNetwork network, int from) {
        for (int i = from; i < from + STEPS; i++) {
            network.fit(batch(i));
        }
    }

    private static DataSet batch(int i) {
        return Data.classes(i, TYPE, 9, Nets.INPUTS, Nets.CLASSES);
    }

    /** {@code mvnw -pl tests -am package -Dtest=EarlierSavesTest -Dsaves.write=true} makes the files of methods that have none. */
    @ParameterizedTest
    @MethodSource("saves")
    @EnabledIfSystemProperty(named = "saves.write", matches = "true")
    void write(Saved saved) throws IOException {
        if (Files.exists(saved.zip())) {
            return;
        }
        MultiLayerNetwork network =
                Rules.during(saved.rule(), () -> Nets.initialised(Nets.layers(Nets.settings(TYPE, new Adam(0.01)))));
        fit(network, 0);
        network.save(saved.zip().toFile(), true);
        fit(network, STEPS);
        ByteBuffer later = ByteBuffer.allocate((int) network.numParams() * Double.BYTES);
        for (double parameter : network.params().data().asDouble()) {
            later.putDouble(parameter);
        }
        Files.write(saved.later(), later.array());
    }

    /** The adapter of the zip of {@code update=lora}. */
    @Test
    @EnabledIfSystemProperty(named = "saves.write", matches = "true")
    void writeAdapter() throws IOException {
        if (!Files.exists(FILES.resolve("adapter"))) {
            ModelSerializer.writeModel(base(), FILES.resolve("base.zip").toFile(), true);
            PeftDirectory.write(
                    TrainedAdapter.of(
                            ModelFile.read(FILES.resolve("base.zip")), ModelFile.read(FILES.resolve("lora-exact.zip"))),
                    FILES.resolve("adapter"));
        }
    }

    private static MultiLayerNetwork base() {
        return Nets.initialised(Nets.layers(Nets.settings(TYPE, new Adam(0.01))));
    }

    @ParameterizedTest
    @MethodSource("saves")
    void trainingGoesOn(Saved saved) throws IOException {
        MultiLayerNetwork network = read(saved);
        fit(network, STEPS);
        Nets.assertClose(parameters(saved.later()), network.params(), 1e-9, saved.name());
    }

    private static MultiLayerNetwork read(Saved saved) throws IOException {
        try (InputStream zip = Files.newInputStream(saved.zip())) {
            byte[] bytes = zip.readAllBytes();
            return Rules.during(saved.rule(), () -> {
                try {
                    return ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(bytes), true);
                } catch (IOException unreadable) {
                    throw new java.io.UncheckedIOException(unreadable);
                }
            });
        }
    }

    private static INDArray parameters(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        double[] parameters = new double[bytes.remaining() / Double.BYTES];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = bytes.getDouble();
        }
        return Nd4j.createFromArray(parameters).reshape(1, parameters.length);
    }

    @Test
    void anAdapterDirectoryStartsATraining() throws IOException {
        MultiLayerNetwork network = Rules.during(
                Map.of(
                        "rank",
                        "2",
                        "init",
                        "adapter",
                        "adapter.path",
                        FILES.resolve("adapter").toString()),
                EarlierSavesTest::base);
        network.setLearningRate(0);
        network.fit(batch(0));
        MultiLayerNetwork trained = ModelSerializer.restoreMultiLayerNetwork(
                FILES.resolve("lora-exact.zip").toFile());
        Nets.assertClose(trained.params(), network.params(), 1e-6, "base and adapter");
        assertEquals(2, AdapterFile.factor(network, "layer0", "A").size(1));
    }
}
