package org.lowrank4j.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.network.ModelWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class StoredModelTest {

    private static final String CONFIGURATION = ModelSerializer.CONFIGURATION_JSON;
    private static final String COEFFICIENTS = ModelSerializer.COEFFICIENTS_BIN;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Of the fields of an entry in a zip's directory. */
    private static final int CHECKSUM_AT = 16;

    private static final int PACKED_AT = 20;
    private static final int LENGTH_AT = 24;
    private static final int NAME_AT = 46;

    @TempDir
    Path folder;

    private static MultiLayerNetwork network(DataType type, String layer) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(3)
                .list()
                .layer(new OutputLayer.Builder().name(layer).nIn(40).nOut(30).build())
                .build());
        network.init();
        return network;
    }

    private Path saved() throws IOException {
        Path file = folder.resolve("model.zip");
        ModelSerializer.writeModel(network(DataType.FLOAT, "out"), file.toFile(), false);
        return file;
    }

    private Path zip(Map<String, byte[]> entries) throws IOException {
        return Zips.write(folder.resolve("made.zip"), entries);
    }

    private static String refusal(Path file) {
        String message = assertThrows(LowRankException.class, () -> StoredModel.read(file))
                .getMessage();
        assertTrue(message.contains(file.toString()), message);
        assertTrue(message.length() < 1_000, () -> message.length() + " characters: " + message.substring(0, 1_000));
        return message;
    }

    private static void assertRefused(Path file, String why) {
        String message = refusal(file);
        assertTrue(message.contains(why), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"FLOAT", "DOUBLE", "HALF"})
    void everyTypeThatNetworksHave(DataType type) throws IOException {
        MultiLayerNetwork network = network(type, "out");
        Path file = folder.resolve("model.zip");
        network.save(file.toFile(), false);
        StoredModel stored = StoredModel.read(file);
        assertEquals(network.params(), stored.parameters().reshape(network.numParams()));
        assertEquals(type, stored.parameters().dataType());
        assertNull(stored.adapters());
    }

    /** The word stands in the configuration of every graph, and there it is a key. */
    @Test
    void aLayerMayBeNamedVertices() throws IOException {
        MultiLayerNetwork network = network(DataType.FLOAT, "vertices");
        Path file = folder.resolve("model.zip");
        network.save(file.toFile(), false);
        assertEquals(1, (int)
                StoredModel.read(file).configuration(layers -> layers.getConfs().size(), graph -> -1));
    }

    /** What claims more than it has is refused before it is unpacked. */
    @Test
    void bombsTakeNoMemory() throws IOException {
        long thread = Thread.currentThread().getId();
        for (String bombed : new String[] {CONFIGURATION, COEFFICIENTS}) {
            Path bomb = bomb(bombed);
            long before = THREADS.getThreadAllocatedBytes(thread);
            String message = refusal(bomb);
            long allocated = THREADS.getThreadAllocatedBytes(thread) - before;
            assertTrue(allocated < 8 << 20, () -> allocated + " bytes for: " + message);
        }
        Path bomb = bomb(CONFIGURATION);
        String message = assertThrows(
                        LowRankException.class, () -> ModelWeights.shared("eora.original", bomb.toString()))
                .getMessage();
        assertEquals(
                "eora.original=" + bomb
                        + " cannot be used: its entry configuration.json has 83886080 bytes, and at most"
                        + " 67108864 are read.",
                message);
    }

    /** A model with 80 MiB of blanks in the place of an entry. */
    private Path bomb(String name) throws IOException {
        Path file = folder.resolve("bomb.zip");
        byte[] blanks = new byte[1 << 20];
        Arrays.fill(blanks, (byte) ' ');
        Map<String, byte[]> entries = Zips.entries(saved());
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setLevel(1);
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                if (entry.getKey().equals(name)) {
                    for (int i = 0; i < 80; i++) {
                        zip.write(blanks);
                    }
                } else {
                    zip.write(entry.getValue());
                }
            }
        }
        return file;
    }

    @Test
    void namesThatThereAreTwiceAreRefused() throws IOException {
        Map<String, byte[]> entries = Zips.entries(saved());
        entries.put("configuration.jsoN", entries.get(CONFIGURATION));
        byte[] content = Files.readAllBytes(zip(entries));
        byte[] other = "configuration.jsoN".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i + other.length <= content.length; i++) {
            if (Arrays.equals(other, Arrays.copyOfRange(content, i, i + other.length))) {
                content[i + other.length - 1] = 'n';
            }
        }
        assertRefused(Files.write(folder.resolve("twice.zip"), content), "has the entry configuration.json twice");
    }

    @Test
    void moreEntriesThanAnyModelHasAreRefused() throws IOException {
        Map<String, byte[]> entries = Zips.entries(saved());
        for (int i = 0; i < 10_000; i++) {
            entries.put("more/" + i, new byte[0]);
        }
        assertRefused(zip(entries), "has 10002 entries, and at most 10000 are read");
    }

    @Test
    void namesAreShownInPart() throws IOException {
        assertRefused(zip(Map.of("n".repeat(60_000), new byte[3])), "has no entry configuration.json");
    }

    /** The directory of the zip says something else than its data. */
    @ParameterizedTest
    @CsvSource({
        "coefficients.bin, 24, 4, 'bytes of 4'",
        "coefficients.bin, 24, 100000, 'only'",
        "coefficients.bin, 24, 2000000000, 'it cannot have 2000000000 bytes'",
        "coefficients.bin, 20, 2000000000, 'it cannot have'",
        "coefficients.bin, 16, 77, 'does not have the checksum'",
        "configuration.json, 24, 10, 'more than 10 bytes of 10'",
        "configuration.json, 24, 60000000, 'it cannot have 60000000 bytes'",
        "configuration.json, 16, 77, 'does not have the checksum'",
    })
    void whatTheDirectorySaysIsChecked(String name, int field, int value, String why) throws IOException {
        assertTrue(field == CHECKSUM_AT || field == PACKED_AT || field == LENGTH_AT);
        byte[] content = Files.readAllBytes(saved());
        ByteBuffer zip = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        byte[] wanted = name.getBytes(StandardCharsets.US_ASCII);
        int changed = 0;
        for (int i = 0; i + NAME_AT + wanted.length <= content.length; i++) {
            boolean entry = zip.getInt(i) == 0x02014b50;
            if (entry && Arrays.equals(wanted, Arrays.copyOfRange(content, i + NAME_AT, i + NAME_AT + wanted.length))) {
                zip.putInt(i + field, value);
                changed++;
            }
        }
        assertEquals(1, changed);
        Path damaged = Files.write(folder.resolve("damaged.zip"), content);
        String message = refusal(damaged);
        assertTrue(
                message.contains(why)
                        || message.contains("is not a readable zip") && field == PACKED_AT
                        || message.contains("its parameters are damaged") && name.equals(COEFFICIENTS),
                message);
    }

    @ParameterizedTest
    @CsvSource({"nested", "number", "array", "twice", "negative", "enormous"})
    void hostileConfigurationsAreRefused(String kind) throws IOException {
        Map<String, byte[]> entries = Zips.entries(saved());
        String whole = new String(entries.get(CONFIGURATION), StandardCharsets.UTF_8);
        String hostile = switch (kind) {
            case "nested" -> "{\"confs\": " + "[".repeat(1_000_000) + "]".repeat(1_000_000) + "}";
            case "number" -> whole.replaceFirst("\"nin\" *: *40", "\"nin\" : 4" + "0".repeat(1_000_000));
            case "array" -> "[" + whole + "]";
            case "twice" -> whole.replaceFirst("\"nin\"", "\"nin\" : 40, \"nin\"");
            case "negative" -> whole.replaceFirst("\"nin\" *: *40", "\"nin\" : -40");
            default -> whole.replaceFirst("\"nin\" *: *40", "\"nin\" : 4000000000000000000");
        };
        assertTrue(!hostile.equals(whole), "the configuration has no such text");
        entries.put(CONFIGURATION, hostile.getBytes(StandardCharsets.UTF_8));
        long before = System.nanoTime();
        refusal(zip(entries));
        assertTrue(System.nanoTime() - before < 10_000_000_000L, "it took more than 10 s");
    }

    @Test
    void parametersAsNd4jWritesThem() throws IOException {
        for (INDArray vector : new INDArray[] {
            Nd4j.rand(DataType.FLOAT, 1, 20_000), Nd4j.rand(DataType.FLOAT, 30_001), Nd4j.rand(DataType.DOUBLE, 1, 5)
        }) {
            byte[] bytes = coefficients(vector);
            INDArray read = read(bytes, bytes.length, vector.length());
            assertArrayEquals(new long[] {1, vector.length()}, read.shape());
            assertArrayEquals(vector.toDoubleVector(), read.toDoubleVector());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "LONG_SHAPE, 2000000000, LONG, 2, 1, 3, FLOAT, 3, its shape is 2000000000 entries",
        "LONG_SHAPE, 8, LONG, 3, 1, 3, FLOAT, 3, says that it has 3 dimensions",
        "LONG_SHAPE, 8, LONG, 2, 1, -3, FLOAT, 3, one of its sides is -3",
        "LONG_SHAPE, 8, LONG, 2, 4611686018427387904, 4, FLOAT, 3, too large",
        "LONG_SHAPE, 8, LONG, 2, 1, 2000000000, FLOAT, 2000000000, and there are 12 bytes",
        "LONG_SHAPE, 8, LONG, 2, 1, 3, FLOAT, 4, its shape has 3 entries",
        "LONG_SHAPE, 8, LONG, 2, 1, 3, DOUBLE, 3, and there are 12 bytes of DOUBLE",
        "LONG_SHAPE, 8, LONG, 2, 1, 3, COMPRESSED, 3, have the type COMPRESSED",
        "LONG_SHAPE, 8, INT, 2, 1, 3, FLOAT, 3, its shape is 8 entries of INT",
        "JAVACPP, 8, LONG, 2, 1, 3, FLOAT, 3, in a form that is not read here (JAVACPP)",
    })
    void parametersThatClaimWhatIsNotThere(
            String kind,
            long shapeLength,
            String shapeType,
            long rank,
            long rows,
            long columns,
            String type,
            long length,
            String why)
            throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(kind);
        out.writeLong(shapeLength);
        out.writeUTF(shapeType);
        for (long entry : new long[] {rank, rows, columns, 1, 1, 0, 1, 99}) {
            out.writeLong(entry);
        }
        out.writeUTF("MIXED_DATA_TYPES");
        out.writeLong(length);
        out.writeUTF(type);
        out.writeFloat(1);
        out.writeFloat(2);
        out.writeFloat(3);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> read(bytes.toByteArray(), bytes.size(), 3));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }

    @Test
    void everyTruncationOfTheParametersIsRefused() throws IOException {
        byte[] whole = coefficients(Nd4j.rand(DataType.FLOAT, 1, 6));
        for (int length = 0; length < whole.length; length++) {
            int cut = length;
            assertThrows(LowRankException.class, () -> read(whole, cut, 6), "cut to " + cut);
        }
        assertThrows(LowRankException.class, () -> read(Arrays.copyOf(whole, whole.length + 1), whole.length + 1, 6));
    }

    @Test
    void parametersOfAnotherNumberThanDescribedAreRefused() throws IOException {
        byte[] whole = coefficients(Nd4j.rand(DataType.FLOAT, 1, 6));
        LowRankException refused = assertThrows(LowRankException.class, () -> read(whole, whole.length, 7));
        assertTrue(refused.getMessage().contains("it has 6 parameters, and its configuration describes 7"));
    }

    private static INDArray read(byte[] bytes, int length, long expected) throws IOException {
        return Coefficients.read(new DataInputStream(new ByteArrayInputStream(bytes, 0, length)), length, expected);
    }

    private static byte[] coefficients(INDArray vector) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Nd4j.write(vector, new DataOutputStream(bytes));
        return bytes.toByteArray();
    }
}
