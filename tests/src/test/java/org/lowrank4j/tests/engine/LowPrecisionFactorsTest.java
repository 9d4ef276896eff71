package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import digits.DigitBatches;
import digits.DrawnDigits;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Combination;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.adapter.Merge;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.command.Commands;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** Factors of few bits, from training to files. */
class LowPrecisionFactorsTest {

    private static final int STEPS = 60;

    @TempDir
    Path directory;

    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.settings(DataType.FLOAT, new Adam(0.002))
                .list()
                .layer(Nets.dense(28 * 28, 96))
                .layer(Nets.dense(96, 64))
                .layer(new OutputLayer.Builder()
                        .activation(Activation.SOFTMAX)
                        .nIn(64)
                        .nOut(10)
                        .build())
                .build());
    }

    private static DataSet digits(int count, long seed) {
        return DigitBatches.once(DrawnDigits.draw(count, seed), count).next();
    }

    private static int values(INDArray array) {
        Set<Double> found = new TreeSet<>();
        for (double entry : array.dup('c').data().asDouble()) {
            found.add(entry);
        }
        return found.size();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void aTrainingOfDigitsBecomesASmallFile(int bits) throws IOException {
        Path base = directory.resolve("base.zip");
        Path tuned = directory.resolve("tuned.zip");
        network().save(base.toFile(), false);
        DataSet data = digits(300, 1);
        Map<String, String> rule =
                Map.of("rank", "16", "bits", "" + bits, "train", "none", "layers", "0..1", "rate", "0.005");
        double[] losses = new double[2];
        JvmRules.with(rule, () -> {
            MultiLayerNetwork network = load(base);
            losses[0] = network.score(data, false);
            for (int i = 0; i < STEPS; i++) {
                network.fit(data);
            }
            losses[1] = network.score(data, false);
            save(network, tuned);
        });
        assertTrue(losses[1] < 0.6 * losses[0], losses[0] + " to " + losses[1]);

        ModelFile before = ModelFile.read(base);
        Adapter adapter = TrainedAdapter.of(before, ModelFile.read(tuned));
        for (LayerAdapter layer : adapter.layers().values()) {
            assertEquals(16, layer.rank());
            assertTrue(values(layer.a()) <= 1 << bits && values(layer.b()) <= 1 << bits);
        }
        Path plain = directory.resolve("plain");
        Path packed = directory.resolve("packed");
        assertEquals(0, run("convert", tuned, "--base", base, "-o", plain + "/"));
        assertEquals(0, run("convert", tuned, "--base", base, "--packed", "-o", packed + "/"));
        long floats = Files.size(plain.resolve(PeftDirectory.TENSORS));
        long small = Files.size(packed.resolve(PeftDirectory.TENSORS));
        long numbers = 16L * (784 + 96 + 96 + 64);
        // Beside the numbers: names, settings, hashes, and a table of numbers for each factor.
        assertTrue(small < numbers * bits / 8 + 4 * 4L * (1 << bits) + 5000, small + " bytes of " + floats);
        System.out.println(bits + " bits: " + small + " bytes in the place of " + floats);

        assertEquals(0, run("inspect", packed));
        assertEquals(0, run("verify", packed, "--base", base));
        Path merged = directory.resolve("merged.zip");
        Adapter read = PeftDirectory.read(packed);
        Merge.write(before, read, merged, false);
        INDArray inputs = data.getFeatures();
        Nets.assertClose(load(tuned).output(inputs), load(merged).output(inputs), 1e-4, "the merged network");
        Nets.assertSame(adapter.layer("layer0").a(), read.layer("layer0").a(), "A");
        Combination.concatenated(
                List.of(new Combination.Weighted(read, 0.5), new Combination.Weighted(PeftDirectory.read(plain), 0.5)));
    }

    @Test
    void whatWasSavedWithOtherBitsDoesNotGoOn() {
        byte[] saved = Rules.during(Map.of("rank", "2", "bits", "2"), () -> {
            MultiLayerNetwork network = Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.01))));
            network.fit(Data.classes(1, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES));
            return AdapterFile.zip(network);
        });
        List<String> said = CapturedErrors.of(() -> JvmRules.with(Map.of("rank", "2", "bits", "3"), () -> {
            MultiLayerNetwork network = AdapterFile.network(saved);
            network.fit(Data.classes(1, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES));
        }));
        assertTrue(String.join(" ", said).contains("bits=2"), said.toString());
    }

    @Test
    void whatHasNoFactorsForItIsRefusedBeforeTheFirstStep() {
        MultiLayerNetwork network = Rules.during(
                Map.of("rank", "2", "bits", "1", "update", "relora", "relora.total-steps", "9"),
                () -> Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.01)))));
        INDArray before = network.params().dup();
        String message = assertThrows(
                        LowRankException.class,
                        () -> network.fit(Data.classes(1, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES)))
                .getMessage();
        assertTrue(message.contains("bits=1"), message);
        Nets.assertSame(before, network.params(), "parameters");
    }

    private static int run(Object... arguments) {
        String[] texts = new String[arguments.length];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = arguments[i].toString();
        }
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        return Commands.run(texts, nowhere, System.err, "1", urls -> {}, stream -> true);
    }

    private static MultiLayerNetwork load(Path file) {
        try {
            return MultiLayerNetwork.load(file.toFile(), false);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static void save(MultiLayerNetwork network, Path file) {
        try {
            network.save(new File(file.toString()));
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }
}
