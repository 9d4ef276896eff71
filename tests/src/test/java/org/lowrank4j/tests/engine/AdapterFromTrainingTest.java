package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.AdapterSet;
import org.lowrank4j.adapter.Extraction;
import org.lowrank4j.adapter.Merge;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;

/** What a training leaves behind becomes an adapter, a PEFT directory, and a model again. */
class AdapterFromTrainingTest {

    private static final int STEPS = 60;

    @TempDir
    Path directory;

    private Path base;
    private Path tuned;

    /** A base written outside any rule, and the zip of a training that started from it. */
    private void files(Training training) throws IOException {
        base = directory.resolve("base.zip");
        tuned = directory.resolve("tuned.zip");
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.01))));
        ModelSerializer.writeModel(stock, base.toFile(), true);
        training.run(base, tuned);
    }

    @FunctionalInterface
    private interface Training {
        void run(Path base, Path tuned) throws IOException;
    }

    private static void fit(Path base, Path tuned) throws IOException {
        MultiLayerNetwork network = ModelSerializer.restoreMultiLayerNetwork(base.toFile());
        for (int i = 0; i < STEPS; i++) {
            network.fit(Data.classes(i, DataType.FLOAT, 16, Nets.INPUTS, Nets.CLASSES));
        }
        ModelSerializer.writeModel(network, tuned.toFile(), true);
    }

    @LowRank(rank = 2)
    private static void lora(Path base, Path tuned) throws IOException {
        fit(base, tuned);
    }

    @LowRank(rank = 2, init = "pissa", bias = "all")
    private static void pissa(Path base, Path tuned) throws IOException {
        fit(base, tuned);
    }

    @LowRank(rank = 2, update = "dora")
    private static void dora(Path base, Path tuned) throws IOException {
        fit(base, tuned);
    }

    @LowRank(rank = 2, update = "lora-xs")
    private static void loraXs(Path base, Path tuned) throws IOException {
        fit(base, tuned);
    }

    @LowRank(rank = 2, init = "lora-ga")
    private static void loraGa(Path base, Path tuned) throws IOException {
        fit(base, tuned);
    }

    @ParameterizedTest
    @ValueSource(strings = {"miss", "s2ft", "mica", "kasa", "loha"})
    void aChangeOfLowRankBecomesAPlainAdapter(String update) throws IOException {
        Map<String, String> rule = Map.of("rank", "2", "update", update);
        Adapter adapter = roundTrip((from, to) -> JvmRules.with(rule, () -> fitted(from, to)));
        adapter.layers().forEach((name, layer) -> assertTrue(layer.rank() <= 4, name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lokr", "hira", "oft"})
    void aChangeOfAHigherRankIsExtracted(String update) throws IOException {
        Map<String, String> rule = Map.of("rank", "2", "update", update);
        files((from, to) -> JvmRules.with(rule, () -> fitted(from, to)));
        ModelFile before = ModelFile.read(base);
        ModelFile after = ModelFile.read(tuned);
        String message = assertThrows(LowRankException.class, () -> TrainedAdapter.of(before, after))
                .getMessage();
        assertTrue(message.contains("Extract an adapter of a rank of your choice instead"), message);
        Adapter extracted = Extraction.ofEnergy(before.network(), after.network(), 1, layer -> true);
        assertEquals(6, extracted.layer("layer0").rank());
    }

    private static void fitted(Path from, Path to) {
        try {
            fit(from, to);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @Test
    void loraComesBackThroughPeft() throws IOException {
        Adapter adapter = roundTrip(AdapterFromTrainingTest::lora);
        adapter.layers().forEach((name, layer) -> assertEquals(2, layer.rank(), name));
    }

    @Test
    void pissaBecomesAPlainAdapterOfTwiceTheRank() throws IOException {
        Adapter adapter = roundTrip(AdapterFromTrainingTest::pissa);
        adapter.layers().forEach((name, layer) -> assertEquals(4, layer.rank(), name));
    }

    @Test
    void loraGaBecomesAPlainAdapterOfTwiceTheRank() throws IOException {
        Adapter adapter = roundTrip(AdapterFromTrainingTest::loraGa);
        adapter.layers().forEach((name, layer) -> assertEquals(4, layer.rank(), name));
    }

    @Test
    void doraKeepsItsMagnitudes() throws IOException {
        Adapter adapter = roundTrip(AdapterFromTrainingTest::dora);
        adapter.layers().forEach((name, layer) -> assertTrue(layer.magnitude() != null, name));
    }

    @Test
    void loraXsBecomesAPlainAdapter() throws IOException {
        roundTrip(AdapterFromTrainingTest::loraXs);
    }

    private Adapter roundTrip(Training training) throws IOException {
        files(training);
        ModelFile before = ModelFile.read(base);
        ModelFile after = ModelFile.read(tuned);
        Adapter adapter = TrainedAdapter.of(before, after);
        assertTrue(adapter.layers().size() >= 2, "adapted: " + adapter.layers().keySet());

        Path peft = directory.resolve("adapter");
        PeftDirectory.write(adapter, peft);
        Path merged = directory.resolve("merged.zip");
        Merge.Report report = Merge.write(before, PeftDirectory.read(peft), merged, false);
        assertTrue(report.largestDifference() <= Merge.TOLERANCE);

        INDArray x = Data.normal(999, DataType.FLOAT, 16, Nets.INPUTS);
        INDArray expected = ((MultiLayerNetwork) after.network()).output(x);
        MultiLayerNetwork plain = ModelSerializer.restoreMultiLayerNetwork(merged.toFile());
        assertTrue(expected.equalsWithEps(plain.output(x), 1e-4), "merged and trained models differ");

        MultiLayerNetwork live = ModelSerializer.restoreMultiLayerNetwork(base.toFile());
        AdapterSet set = AdapterSet.on(live);
        set.add("task", PeftDirectory.read(peft));
        set.activate("task");
        assertEquals(plain.params(), live.params());
        return adapter;
    }

    @LowRank(rank = 3, init = "adapter", options = "adapter.path=target/saved-adapter")
    private static MultiLayerNetwork goOn(Path model) throws IOException {
        return ModelSerializer.restoreMultiLayerNetwork(model.toFile());
    }

    @Test
    void trainingGoesOnFromASavedAdapter() throws IOException {
        files(AdapterFromTrainingTest::lora);
        PeftDirectory.write(
                TrainedAdapter.of(ModelFile.read(base), ModelFile.read(tuned)), Path.of("target/saved-adapter"));
        MultiLayerNetwork network = goOn(base);
        network.setLearningRate(0);
        network.fit(Data.classes(1, DataType.FLOAT, 16, Nets.INPUTS, Nets.CLASSES));
        MultiLayerNetwork trained = ModelSerializer.restoreMultiLayerNetwork(tuned.toFile());
        for (String weight : new String[] {"0_W", "1_W"}) {
            Nets.assertClose(trained.getParam(weight), network.getParam(weight), 1e-6, weight);
        }
        assertEquals(3, AdapterFile.factor(network, "layer0", "A").size(1));

        MultiLayerNetwork elsewhere = goOn(tuned);
        String message = assertThrows(
                        RuntimeException.class,
                        () -> elsewhere.fit(Data.classes(1, DataType.FLOAT, 16, Nets.INPUTS, Nets.CLASSES)))
                .getMessage();
        assertTrue(message.contains("was made on another base: W of layer layer0 has other values"), message);
        assertTrue(message.contains("adapter.any-base=yes"), message);
        assertEquals(trained.params(), elsewhere.params());
    }

    @Test
    void extractionNeedsNoState() throws IOException {
        files(AdapterFromTrainingTest::lora);
        ModelFile before = ModelFile.read(base);
        ModelFile after = ModelFile.read(tuned);
        Adapter trained = TrainedAdapter.of(before, after);
        Adapter extracted = Extraction.ofRank(before.network(), after.network(), 2, trained.layers()::containsKey);
        assertEquals(trained.layers().keySet(), extracted.layers().keySet());
        assertEquals(trained.parameters().keySet(), extracted.parameters().keySet());
        trained.layers()
                .forEach((name, layer) -> assertTrue(
                        layer.product().equalsWithEps(extracted.layer(name).product(), 1e-4), name));
        assertEquals(
                Set.copyOf(trained.base().weights().values()),
                Set.copyOf(extracted.base().weights().values()));
    }
}
