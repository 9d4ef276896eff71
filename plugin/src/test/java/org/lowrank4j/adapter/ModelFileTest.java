package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.Zips;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

class ModelFileTest {

    @TempDir
    Path directory;

    @Test
    void bothKindsOfNetworkAndBothTypes() throws IOException {
        for (Model model : new Model[] {
            SmallNetworks.sequential(1), SmallNetworks.sequential(2, DataType.DOUBLE), SmallNetworks.graph(3)
        }) {
            Path file = saved(model, true);
            ModelFile read = ModelFile.read(file);
            assertEquals(model.getClass(), read.network().getClass());
            assertTrue(Difference.sameBits(model.params(), read.network().params()));
            assertNull(read.adapters());
        }
    }

    @Test
    void whatDl4jWritesAndReadsStaysTheSame() throws IOException {
        MultiLayerNetwork network = SmallNetworks.sequential(1);
        NormalizerStandardize normalizer = new NormalizerStandardize();
        normalizer.fit(new DataSet(SmallNetworks.random(1, 20, 12), SmallNetworks.random(2, 20, 3)));
        Path file = directory.resolve("model.zip");
        ModelSerializer.writeModel(network, file.toFile(), true);
        ModelSerializer.addNormalizerToModel(file.toFile(), normalizer);
        ModelFile read = ModelFile.read(file);
        read.network().params().muli(2);
        Path copy = directory.resolve("copy.zip");
        read.writeTo(copy, null);
        assertEquals(
                network.params().mul(2),
                ModelSerializer.restoreMultiLayerNetwork(copy.toFile()).params());
        NormalizerStandardize kept = ModelSerializer.restoreNormalizerFromFile(copy.toFile());
        assertEquals(normalizer.getMean(), kept.getMean());
        try (ZipFile zip = new ZipFile(copy.toFile())) {
            assertNull(zip.getEntry(ModelSerializer.UPDATER_BIN), "the updater's state belongs to the old weights");
        }
    }

    @Test
    void aFileMayReplaceItself() throws IOException {
        Path file = saved(SmallNetworks.sequential(1), false);
        ModelFile read = ModelFile.read(file);
        read.network().params().assign(0.5);
        read.writeTo(file, null);
        assertEquals(0.5, ModelFile.read(file).network().params().getDouble(7));
        try (var files = Files.list(directory)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void filesThatAreRefused() throws IOException {
        assertRefused(directory, "is not a file");
        Path text = Files.writeString(directory.resolve("text.zip"), "no zip");
        assertRefused(text, "is not a readable zip");
        Path other = directory.resolve("other.zip");
        Zips.write(other, Map.of("readme.txt", new byte[3]));
        assertRefused(other, "has no entry configuration.json, which every model zip of DL4J has. It has readme.txt.");
        Path half = directory.resolve("half.zip");
        Zips.write(half, Map.of("configuration.json", "{}".getBytes()));
        assertRefused(half, "has no entry coefficients.bin");
        Map<String, byte[]> entries = Zips.entries(saved(SmallNetworks.sequential(1), false));
        entries.put("configuration.json", "{\"confs\": 3}".getBytes());
        Zips.write(half, entries);
        assertRefused(half, "DL4J does not understand its configuration");
        Map<String, byte[]> fewer = Zips.entries(saved(SmallNetworks.sequential(1), false));
        fewer.put("coefficients.bin", coefficients(Nd4j.zeros(DataType.FLOAT, 1, 7)));
        Zips.write(half, fewer);
        assertRefused(half, "do not fit");
    }

    @Test
    void everyDamagedByteOfTheParametersIsNoticed() throws IOException {
        Path file = saved(SmallNetworks.sequential(1), false);
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(3);
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
            Path mutated = directory.resolve("mutated.zip");
            Files.write(mutated, damaged);
            try {
                Model read = ModelFile.read(mutated).network();
                assertTrue(
                        Difference.sameBits(SmallNetworks.sequential(1).params(), read.params()),
                        "damaged parameters were read");
            } catch (LowRankException expected) {
                refused++;
            }
        }
        assertTrue(refused > 200, "only " + refused + " of 300 damaged files were refused");
        for (int length : new int[] {0, 1, 21, 22, 100, whole.length / 2, whole.length - 1}) {
            Path cut = Files.write(directory.resolve("cut.zip"), Arrays.copyOf(whole, length));
            assertThrows(LowRankException.class, () -> ModelFile.read(cut), "cut to " + length);
        }
    }

    @Test
    void graphsAreRecognised() throws IOException {
        assertInstanceOf(
                ComputationGraph.class,
                ModelFile.read(saved(SmallNetworks.graph(1), false)).network());
    }

    private static byte[] coefficients(INDArray vector) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Nd4j.write(vector, new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    private Path saved(Model model, boolean updater) throws IOException {
        Path file = directory.resolve("model.zip");
        ModelSerializer.writeModel(model, file.toFile(), updater);
        return file;
    }

    private static void assertRefused(Path file, String why) {
        LowRankException refused = assertThrows(LowRankException.class, () -> ModelFile.read(file));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
        assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());
    }
}
