package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;
import org.lowrank4j.quantisation.NormalCells;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

class PeftDirectoryTest {

    @TempDir
    Path directory;

    @Test
    void theLayoutThatPeftReads() throws IOException {
        INDArray a = Nd4j.createFromArray(new float[][] {{1, 2}, {3, 4}, {5, 6}});
        INDArray b = Nd4j.createFromArray(new float[][] {{7, 8, 9, 10}, {11, 12, 13, 14}});
        PeftDirectory.write(
                new Adapter(Map.of("fc1", new LayerAdapter(a.dup('f'), b, 16, Scaling.STANDARD, null))), directory);

        Tensors tensors = Safetensors.read(directory.resolve("adapter_model.safetensors"));
        assertEquals("pt", tensors.metadata().get("format"));
        assertEquals(
                Set.of("base_model.model.fc1.lora_A.weight", "base_model.model.fc1.lora_B.weight"),
                tensors.tensors().keySet());
        assertEquals(
                Nd4j.createFromArray(new float[][] {{1, 3, 5}, {2, 4, 6}}),
                tensors.tensor("base_model.model.fc1.lora_A.weight"));
        assertEquals(
                Nd4j.createFromArray(new float[][] {{7, 11}, {8, 12}, {9, 13}, {10, 14}}),
                tensors.tensor("base_model.model.fc1.lora_B.weight"));

        JsonNode config = config();
        assertEquals("LORA", config.path("peft_type").asText());
        assertEquals("2", config.path("r").toString());
        assertEquals("16", config.path("lora_alpha").toString());
        assertEquals("[\"fc1\"]", config.path("target_modules").toString());
        assertEquals("true", config.path("init_lora_weights").toString());
        assertEquals("true", config.path("inference_mode").toString());
        assertEquals("false", config.path("use_rslora").toString());
        assertEquals("false", config.path("use_dora").toString());
        assertEquals("\"none\"", config.path("bias").toString());
        for (String absent : new String[] {"task_type", "modules_to_save", "base_model_name_or_path"}) {
            assertTrue(config.path(absent).isNull(), absent);
        }
    }

    @Test
    void ranksAndAlphasThatDifferBecomePatterns() throws IOException {
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        layers.put("up.1", SmallNetworks.layer(1, 5, 4, 2));
        layers.put("block.up.1", SmallNetworks.layer(2, 5, 4, 3));
        layers.put("x", SmallNetworks.layer(3, 5, 4, 2));
        PeftDirectory.write(new Adapter(layers), directory);
        JsonNode config = config();
        // The longer name first, since PEFT takes a pattern for the end of a path and the first that matches.
        assertEquals(
                "{\"block\\\\.up\\\\.1\":3,\"up\\\\.1\":2,\"x\":2}",
                config.path("rank_pattern").toString());
        assertEquals(
                "{\"block\\\\.up\\\\.1\":6,\"up\\\\.1\":4,\"x\":4}",
                config.path("alpha_pattern").toString());
        assertSame(new Adapter(layers), PeftDirectory.read(directory));
    }

    @ParameterizedTest
    @EnumSource(Scaling.class)
    void everythingComesBackBitForBit(Scaling scaling) throws IOException {
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        layers.put("z", dora(1, 7, 5, 3, 0.3, scaling));
        layers.put("a", dora(2, 6, 9, 2, 12.25, scaling));
        Map<String, Map<String, INDArray>> parameters = new LinkedHashMap<>();
        parameters.put("out", Map.of("W", SmallNetworks.random(5, 8, 3), "b", SmallNetworks.random(6, 3)));
        parameters.put("a", Map.of("b", SmallNetworks.random(7, 9)));
        parameters.put("conv", Map.of("W", SmallNetworks.random(8, 4, 3, 2, 2), "b", SmallNetworks.random(11, 1, 4)));
        parameters.put(
                "norm/1", Map.of("gamma", SmallNetworks.random(9, 1, 5), "mean", SmallNetworks.random(10, 1, 5)));
        BaseFingerprint base =
                new BaseFingerprint(Map.of("z", new BaseFingerprint.Weight(7, 5, DataType.FLOAT, "00ff")));
        Adapter adapter = new Adapter(layers, parameters, base, Map.of("k \"q\"", "v\n", "ünï", "日本"));
        PeftDirectory.write(adapter, directory);
        assertEquals("lora_only", config().path("bias").asText());
        assertEquals("[\"conv\",\"out\"]", config().path("modules_to_save").toString());
        assertSame(adapter, PeftDirectory.read(directory));
        byte[] first = Files.readAllBytes(directory.resolve(PeftDirectory.TENSORS));
        PeftDirectory.write(PeftDirectory.read(directory), directory);
        assertArrayEquals(first, Files.readAllBytes(directory.resolve(PeftDirectory.TENSORS)));
    }

    private static LayerAdapter dora(long seed, long inputs, long outputs, int rank, double alpha, Scaling scaling) {
        return new LayerAdapter(
                SmallNetworks.random(seed, inputs, rank),
                SmallNetworks.random(seed + 50, rank, outputs),
                alpha,
                scaling,
                SmallNetworks.random(seed + 90, outputs));
    }

    @Test
    void doubleFactorsStayDouble() throws IOException {
        LayerAdapter layer = new LayerAdapter(
                SmallNetworks.random(1, 4, 2).castTo(DataType.DOUBLE).muli(Math.PI),
                SmallNetworks.random(2, 2, 3).castTo(DataType.DOUBLE),
                1,
                Scaling.STANDARD,
                null);
        PeftDirectory.write(new Adapter(Map.of("l", layer)), directory);
        assertSame(new Adapter(Map.of("l", layer)), PeftDirectory.read(directory));
    }

    @Test
    void aDirectoryOfAnotherWriter() throws IOException {
        Map<String, INDArray> tensors = new TreeMap<>();
        tensors.put(
                "base_model.model.enc.fc.lora_A.weight",
                SmallNetworks.random(1, 4, 6).castTo(DataType.BFLOAT16));
        tensors.put(
                "base_model.model.enc.fc.lora_B.weight",
                SmallNetworks.random(2, 5, 4).castTo(DataType.HALF));
        tensors.put("base_model.model.emb.lora_embedding_A", SmallNetworks.random(3, 2, 11));
        tensors.put("base_model.model.emb.lora_embedding_B", SmallNetworks.random(4, 3, 2));
        tensors.put("base_model.model.enc.fc.base_layer.bias", SmallNetworks.random(5, 5));
        tensors.put("base_model.model.head.weight", SmallNetworks.random(6, 3, 5));
        tensors.put("base_model.model.head.bias", SmallNetworks.random(7, 3));
        write(
                "{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":16,\"rank_pattern\":{\"e.b\":2,\".*mb\":2},"
                        + "\"alpha_pattern\":{\"emb\":3.5},\"target_modules\":[\"fc\",\"emb\"],\"use_rslora\":true,"
                        + "\"modules_to_save\":[\"head\"],\"bias\":\"lora_only\",\"fan_in_fan_out\":true,"
                        + "\"base_model_name_or_path\":\"org/name\",\"loftq_config\":{},\"layer_replication\":null,"
                        + "\"lora_bias\":false,\"some_future_key\":{\"a\":1}}",
                tensors);
        Adapter read = PeftDirectory.read(directory);
        assertEquals(Set.of("enc.fc", "emb"), read.layers().keySet());
        LayerAdapter fc = read.layer("enc.fc");
        assertEquals(DataType.FLOAT, fc.dataType());
        assertEquals(16 / Math.sqrt(4), fc.scale());
        assertArrayEquals(new long[] {6, 4}, fc.a().shape());
        assertEquals(
                tensors.get("base_model.model.enc.fc.lora_A.weight").castTo(DataType.FLOAT),
                fc.a().transpose());
        assertEquals(3.5 / Math.sqrt(2), read.layer("emb").scale());
        assertArrayEquals(new long[] {11, 2}, read.layer("emb").a().shape());
        assertArrayEquals(
                new long[] {5}, read.parameters().get("enc.fc").get("b").shape());
        assertEquals(
                tensors.get("base_model.model.head.weight").transpose(),
                read.parameters().get("head").get("W"));
        assertNull(read.base());
        assertEquals("org/name", read.metadata().get("base_model_name_or_path"));
    }

    @Test
    void absentRankAndAlphaMeanEightAsInPeft() throws IOException {
        write("{\"peft_type\":\"LORA\",\"target_modules\":[\"fc\"]}", pair(8));
        assertEquals(1.0, PeftDirectory.read(directory).layer("fc").scale());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "peft_type is missing                    | {}",
                "peft_type is \"LOHA\"                   | {\"peft_type\":\"LOHA\"}",
                "is not a JSON object                    | [1]",
                "not valid JSON                          | {\"peft_type\":\"LORA\"",
                "Duplicate field                         | {\"peft_type\":\"LORA\",\"r\":2,\"r\":3}",
                "sets lora_bias to true                  | {\"peft_type\":\"LORA\",\"r\":2,\"lora_bias\":true}",
                "sets target_parameters to               | {\"peft_type\":\"LORA\",\"r\":2,\"target_parameters\":[\"w\"]}",
                "sets trainable_token_indices to         | {\"peft_type\":\"LORA\",\"r\":2,\"trainable_token_indices\":[3]}",
                "sets layer_replication to               | {\"peft_type\":\"LORA\",\"r\":2,\"layer_replication\":[[0,4]]}",
                "only none, all, lora_only               | {\"peft_type\":\"LORA\",\"r\":2,\"bias\":\"some\"}",
                "must be true or false                   | {\"peft_type\":\"LORA\",\"r\":2,\"use_rslora\":\"yes\"}",
                "has the rank 8 by the configuration     | {\"peft_type\":\"LORA\"}",
                "rank of fc is 2.5                       | {\"peft_type\":\"LORA\",\"r\":2.5}",
                "rank of fc is -2.0                      | {\"peft_type\":\"LORA\",\"r\":-2}",
                "lora_alpha is \"2\"                     | {\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":\"2\"}",
                "must map patterns to numbers            | {\"peft_type\":\"LORA\",\"r\":2,\"rank_pattern\":[1]}",
                "rank_pattern 'f.' is null               | {\"peft_type\":\"LORA\",\"r\":2,\"rank_pattern\":{\"f.\":\"x\"}}",
                "no valid regular expression             | {\"peft_type\":\"LORA\",\"r\":2,\"rank_pattern\":{\"(\":2}}",
                "use_dora is true, and module fc has no  | {\"peft_type\":\"LORA\",\"r\":2,\"use_dora\":true}",
                "no tensor of it is there                | {\"peft_type\":\"LORA\",\"r\":2,\"modules_to_save\":[\"head\"]}",
                "modules_to_save is \"head\"             | {\"peft_type\":\"LORA\",\"r\":2,\"modules_to_save\":\"head\"}",
                "this version reads 1                    | {\"peft_type\":\"LORA\",\"r\":2,\"lowrank4j\":{\"format\":\"2\"}}",
                "must be FLOAT or DOUBLE                 | {\"peft_type\":\"LORA\",\"r\":2,\"lowrank4j\":{\"format\":\"1\",\"base\":{\"fc\":{\"type\":\"UTF8\"}}}}",
            })
    void configurationsThatAreRefused(String why, String config) throws IOException {
        write(config, pair(2));
        String expected = why.strip().replace("is null", "is \"x\"");
        assertRefused(expected);
    }

    @Test
    void aPatternThatNeverEndsIsRefused() throws IOException {
        Map<String, INDArray> tensors = new TreeMap<>();
        String name = "a".repeat(60) + "b";
        tensors.put("base_model.model." + name + ".lora_A.weight", SmallNetworks.random(1, 2, 3));
        tensors.put("base_model.model." + name + ".lora_B.weight", SmallNetworks.random(2, 4, 2));
        write("{\"peft_type\":\"LORA\",\"r\":2,\"rank_pattern\":{\"(a+)+\\\\1c\":2}}", tensors);
        assertRefused("takes too long to match");
    }

    @ParameterizedTest
    @CsvSource({
        "base_model.model.fc.lora_B.bias,          belongs to no feature",
        "base_model.model.fc.lora_A.other.weight,  belongs to no feature",
        "base_model.model.fc.lora_C.weight,        belongs to no feature",
        "fc.weight,                                belongs to no feature",
        "base_model.model..weight,                 belongs to no feature",
        "base_model.model.gc.lora_A.weight,        only [lora_A.weight] are there",
        "base_model.model.gc.lora_magnitude_vector, only [lora_magnitude_vector] are there",
        "base_model.model.fc.lora_magnitude_vector, use_dora is false",
        "base_model.model.norm.weight,             has the shape [2",
        "base_model.model.fc.bias,                 must have one entry per output",
        "lowrank4j/fc,                             does not name a layer and a parameter",
    })
    void tensorsThatAreRefused(String name, String why) throws IOException {
        Map<String, INDArray> tensors = pair(2);
        boolean vector = name.contains("norm") || name.contains("magnitude");
        tensors.put(name, vector ? SmallNetworks.random(3, 2) : SmallNetworks.random(3, 2, 3));
        if (name.endsWith("fc.bias")) {
            tensors.put(name, SmallNetworks.random(3, 2, 2));
        }
        write("{\"peft_type\":\"LORA\",\"r\":2}", tensors);
        assertRefused(why);
    }

    @Test
    void factorsThatAreRefused() throws IOException {
        Map<String, INDArray> convolution = pair(2);
        convolution.put("base_model.model.fc.lora_A.weight", SmallNetworks.random(1, 2, 3, 3, 3));
        write("{\"peft_type\":\"LORA\",\"r\":2}", convolution);
        assertRefused("known are r x nIn and nOut x r, and of a convolution");
        Map<String, INDArray> infinite = pair(2);
        infinite.get("base_model.model.fc.lora_A.weight").putScalar(0, Float.POSITIVE_INFINITY);
        write("{\"peft_type\":\"LORA\",\"r\":2}", infinite);
        assertRefused("NaN or infinite");
        Map<String, INDArray> whole = pair(2);
        whole.put("base_model.model.fc.lora_A.weight", Nd4j.ones(DataType.INT, 2, 3));
        write("{\"peft_type\":\"LORA\",\"r\":2}", whole);
        assertRefused("has the type INT");
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        assertRefused("has no adapter_model.safetensors");
        Files.writeString(directory.resolve("adapter_model.bin"), "x");
        assertRefused("save it as safetensors");
        write("{}", pair(2));
        Files.delete(directory.resolve(PeftDirectory.CONFIG));
        assertRefused("adapter_config.json is missing");
    }

    @Test
    void aDirectoryThatDoesNotExistIsNamedAsAWhole() {
        Path nowhere = Path.of("no", "such", "adapter");
        String message = assertThrows(LowRankException.class, () -> PeftDirectory.read(nowhere))
                .getMessage();
        assertTrue(message.startsWith("There is no directory " + nowhere.toAbsolutePath() + ","), message);
    }

    @Test
    void aConfigurationThatIsNoTextIsRefused() throws IOException {
        write("{}", pair(2));
        Files.write(directory.resolve(PeftDirectory.CONFIG), new byte[] {'{', (byte) 0xC3, '}'});
        assertRefused("is not UTF-8 text");
    }

    @Test
    void onlySomeMagnitudesCannotBeWritten() {
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        layers.put("with", dora(1, 7, 5, 3, 1, Scaling.STANDARD));
        layers.put("without", SmallNetworks.layer(2, 5, 4, 3));
        LowRankException refused =
                assertThrows(LowRankException.class, () -> PeftDirectory.write(new Adapter(layers), directory));
        assertTrue(refused.getMessage().contains("[with] have them, [without] have not"), refused.getMessage());
        assertTrue(Files.notExists(directory.resolve(PeftDirectory.CONFIG)));
        assertTrue(Files.notExists(directory.resolve(PeftDirectory.TENSORS)));
    }

    @Test
    void aWriterKilledBetweenTheFilesLeavesTheNewAdapter() throws IOException {
        Adapter old = new Adapter(Map.of("l", SmallNetworks.layer(1, 5, 4, 2)));
        Adapter changed = new Adapter(Map.of("l", SmallNetworks.layer(7, 5, 4, 3)));
        PeftDirectory.write(old, directory);
        byte[] oldConfig = Files.readAllBytes(directory.resolve(PeftDirectory.CONFIG));
        PeftDirectory.write(changed, directory);
        Files.write(directory.resolve(PeftDirectory.CONFIG), oldConfig);
        assertSame(changed, PeftDirectory.read(directory));
        Files.delete(directory.resolve(PeftDirectory.CONFIG));
        assertSame(changed, PeftDirectory.read(directory));
    }

    @Test
    void anAlphaThatAUserEditsCounts() throws IOException {
        PeftDirectory.write(new Adapter(Map.of("l", SmallNetworks.layer(1, 5, 4, 2))), directory);
        Path config = directory.resolve(PeftDirectory.CONFIG);
        String text = Files.readString(config);
        assertTrue(text.contains("\"lora_alpha\" : 4"), text);
        Files.writeString(config, text.replace("\"lora_alpha\" : 4", "\"lora_alpha\" : 10"));
        assertEquals(5.0, PeftDirectory.read(directory).layer("l").scale());
    }

    private JsonNode config() throws IOException {
        return new ObjectMapper()
                .readTree(directory.resolve(PeftDirectory.CONFIG).toFile());
    }

    private static Map<String, INDArray> pair(int rank) {
        Map<String, INDArray> tensors = new TreeMap<>();
        tensors.put("base_model.model.fc.lora_A.weight", SmallNetworks.random(1, rank, 3));
        tensors.put("base_model.model.fc.lora_B.weight", SmallNetworks.random(2, 4, rank));
        return tensors;
    }

    private void write(String config, Map<String, INDArray> tensors) throws IOException {
        Files.writeString(directory.resolve(PeftDirectory.CONFIG), config);
        Replacement.write(
                directory.resolve(PeftDirectory.TENSORS),
                stream -> Safetensors.write(new Tensors(tensors, Map.of("format", "pt")), stream));
    }

    private void assertRefused(String why) {
        LowRankException refused = assertThrows(LowRankException.class, () -> PeftDirectory.read(directory));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }

    /** Compares bit by bit. */
    static void assertSame(Adapter expected, Adapter actual) {
        assertEquals(expected.layers().keySet(), actual.layers().keySet());
        expected.layers().forEach((name, layer) -> {
            LayerAdapter other = actual.layer(name);
            assertEquals(layer.scale(), other.scale(), name);
            assertEquals(layer.scaling(), other.scaling(), name);
            assertBits(layer.a(), other.a());
            assertBits(layer.b(), other.b());
            assertEquals(layer.magnitude() == null, other.magnitude() == null, name);
            if (layer.magnitude() != null) {
                assertBits(layer.magnitude(), other.magnitude());
            }
        });
        assertEquals(expected.parameters().keySet(), actual.parameters().keySet());
        expected.parameters().forEach((layer, arrays) -> {
            assertEquals(arrays.keySet(), actual.parameters().get(layer).keySet());
            arrays.forEach((name, array) ->
                    assertBits(array, actual.parameters().get(layer).get(name)));
        });
        assertEquals(expected.base(), actual.base());
        assertEquals(expected.metadata(), actual.metadata());
    }

    private static void assertBits(INDArray expected, INDArray actual) {
        assertEquals(expected.dataType(), actual.dataType());
        assertArrayEquals(expected.shape(), actual.shape());
        assertTrue(Difference.sameBits(expected, actual));
    }

    /** Of a few numbers each, as a training with bits leaves them. */
    @ParameterizedTest
    @CsvSource({"1, 22", "2, 13", "4, 7.1", "8, 3.5"})
    void factorsOfFewNumbersTakeFewBits(int bits, double smaller) throws IOException {
        LayerAdapter layer = new LayerAdapter(few(bits, 800, 16), few(bits, 16, 600), 32, Scaling.STANDARD, null);
        Adapter adapter = new Adapter(Map.of("fc1", layer));
        Path packed = directory.resolve("packed");
        PeftDirectory.write(adapter, directory);
        PeftDirectory.writePacked(adapter, packed);
        double ratio = (double) Files.size(directory.resolve(PeftDirectory.TENSORS))
                / Files.size(packed.resolve(PeftDirectory.TENSORS));
        assertTrue(ratio > smaller, bits + " bits: " + ratio + " times smaller");

        PeftDirectory.Contents read = PeftDirectory.open(packed);
        assertTrue(read.hashed());
        assertTrue(Difference.sameBits(layer.a(), read.adapter().layer("fc1").a()));
        assertTrue(Difference.sameBits(layer.b(), read.adapter().layer("fc1").b()));
        assertEquals(
                "LORA_PACKED",
                new ObjectMapper()
                        .readTree(Files.readString(packed.resolve(PeftDirectory.CONFIG)))
                        .path("peft_type")
                        .asText());

        byte[] damaged = Files.readAllBytes(packed.resolve(PeftDirectory.TENSORS));
        damaged[damaged.length - 1] ^= 1;
        Files.write(packed.resolve(PeftDirectory.TENSORS), damaged);
        assertThrows(LowRankException.class, () -> PeftDirectory.read(packed));
    }

    private static INDArray few(int bits, int rows, int columns) {
        double[] codes = NormalCells.of(bits).codes();
        Random random = new Random(bits);
        INDArray array = Nd4j.create(DataType.FLOAT, rows, columns);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, 0.03 * codes[random.nextInt(codes.length)] + 0.001);
        }
        return array;
    }
}
