package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/** A configuration that was edited by hand is obeyed or refused. */
class PeftScopeTest {

    @TempDir
    Path directory;

    /** Layers "one" and "two" of rank 2 and 3, "out" as a whole, and the bias of "one". */
    private void write() throws IOException {
        Map<String, LayerAdapter> layers = new TreeMap<>();
        layers.put("one", SmallNetworks.layer(1, 12, 10, 2));
        layers.put("two", SmallNetworks.layer(2, 10, 8, 3));
        PeftDirectory.write(
                new Adapter(
                        layers,
                        Map.of(
                                "out", Map.of("W", SmallNetworks.random(3, 8, 3), "b", SmallNetworks.random(4, 3)),
                                "one", Map.of("b", SmallNetworks.random(5, 10))),
                        null,
                        Map.of()),
                directory);
    }

    private void edit(Consumer<ObjectNode> change) throws IOException {
        Path file = directory.resolve(PeftDirectory.CONFIG);
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = (ObjectNode) json.readTree(Files.readString(file));
        change.accept(root);
        Files.writeString(file, json.writeValueAsString(root));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            rank_pattern        | {}                     | by the configuration, and its factors are
            rank_pattern        | {"one":2,"two":5}      | module two has the rank 5 by the configuration
            rank_pattern        | {"two":3,"tow":9}      | its rank_pattern name tow
            alpha_pattern       | {"ono":9}              | Did you mean 'one'?
            use_dora            | true                   | has no lora_magnitude_vector
            target_modules      | ["one"]                | factors of module two, which its target_modules do not name
            target_modules      | ["one","two","tree"]   | its target_modules name tree
            target_modules      | "on."                  | factors of module two, which its target_modules do not name
            exclude_modules     | ["two"]                | factors of module two, which its exclude_modules name
            exclude_modules     | "t.*"                  | factors of module two, which its exclude_modules name
            layers_to_transform | [3]                    | factors of module one, which its target_modules do not name
            modules_to_save     | null                   | the whole weight of out is there
            modules_to_save     | ["out","one.out"]      | no tensor of it is there
            modules_to_save     | [7]                    | has the entry 7, which is no name
            bias                | "none"                 | its bias is none, and there is one of module one
            bias                | "all"                  | its bias is all, and its tensors were written with lora_only
            bias                | null                   | its bias is null
            fan_in_fan_out      | true                   | its fan_in_fan_out is true
            fan_in_fan_out      | "yes"                  | must be true or false
            init_lora_weights   | "pissa"                | belong to a base that PEFT changed
            peft_type           | ["LORA"]               | its peft_type is
            ensure_weight_tying | true                   | cannot be represented
            """)
    void whatCannotBeObeyedIsRefused(String key, String value, String why) throws IOException {
        write();
        edit(root -> root.set(key, tree(value)));
        LowRankException refused = assertThrows(LowRankException.class, () -> PeftDirectory.read(directory));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }

    private static org.nd4j.shade.jackson.databind.JsonNode tree(String json) {
        return assertDoesNotThrow(() -> new ObjectMapper().readTree(json));
    }

    @Test
    void whatCanBeObeyedIs() throws IOException {
        write();
        edit(root -> {
            root.put("lora_alpha", 7).put("use_rslora", true).set("alpha_pattern", tree("{\"two\":5}"));
            root.put("target_modules", "one|two").put("lora_dropout", 0.5);
        });
        PeftDirectory.Contents read = PeftDirectory.open(directory);
        assertEquals(7 / Math.sqrt(2), read.adapter().layer("one").scale());
        assertEquals(5 / Math.sqrt(3), read.adapter().layer("two").scale());
        assertTrue(read.notes().get(0).contains("use_rslora (false -> true)"), read::toString);
    }

    @Test
    void ourOwnListOfLayersIsHeldAgainstTheFactors() throws IOException {
        write();
        edit(root -> ((ObjectNode) root.path("lowrank4j")).set("layers", tree("[\"one\",\"tow\"]")));
        LowRankException refused = assertThrows(LowRankException.class, () -> PeftDirectory.read(directory));
        assertTrue(refused.getMessage().contains("its layers name tow"), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            "layers_to_transform":[4],"layers_pattern":"blocks"       | true
            "layers_to_transform":4                                   | true
            "layers_to_transform":[4],"layers_pattern":["h","x"]      | false
            "layers_to_transform":[1]                                 | false
            "target_modules":["fc"]                                   | true
            "target_modules":["c"]                                    | false
            "target_modules":".*blocks.[0-9].fc"                      | true
            "target_modules":"all-linear"                             | true
            "target_modules":null                                     | true
            "exclude_modules":["blocks"]                              | true
            """)
    void targetsAreNamedAsPeftNamesThem(String keys, boolean named) throws IOException {
        Map<String, INDArray> tensors = new TreeMap<>();
        tensors.put("base_model.model.net.blocks.4.fc.lora_A.weight", SmallNetworks.random(1, 2, 3));
        tensors.put("base_model.model.net.blocks.4.fc.lora_B.weight", SmallNetworks.random(2, 4, 2));
        writeOfPeft("{\"peft_type\":\"LORA\",\"r\":2," + keys + "}", tensors);
        if (named) {
            assertEquals(1, PeftDirectory.read(directory).layers().size());
        } else {
            assertThrows(LowRankException.class, () -> PeftDirectory.read(directory));
        }
    }

    @Test
    void namesOfPeftThatAreNotThereAreSpokenOf() throws IOException {
        writeOfPeft("{\"peft_type\":\"LORA\",\"r\":2,\"target_modules\":[\"fc\",\"query\"]}", pair());
        assertEquals(
                List.of(
                        "adapter_config.json: its target_modules name query, and there are no factors of such a module"),
                PeftDirectory.open(directory).notes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fc.lora_embedding_A fc.lora_embedding_B",
                "fc.bias fc.base_layer.bias",
                "head.weight lowrank4j/head/W",
                "fc.weight lowrank4j/x/b",
                "gc.lora_A.weight gc.lora_embedding_B"
            })
    void twoTensorsForOneParameterAreRefused(String names) throws IOException {
        Map<String, INDArray> tensors = pair();
        for (String name : names.split(" ")) {
            INDArray tensor = name.contains("bias") || name.endsWith("/b")
                    ? SmallNetworks.random(3, 4)
                    : SmallNetworks.random(3, 2, 2);
            tensors.put(name.startsWith("lowrank4j/") ? name : "base_model.model." + name, tensor);
        }
        writeOfPeft("{\"peft_type\":\"LORA\",\"r\":2,\"bias\":\"all\"}", tensors);
        LowRankException refused = assertThrows(LowRankException.class, () -> PeftDirectory.read(directory));
        assertTrue(
                refused.getMessage()
                        .matches("(?s).*(two tensors for one parameter|is there twice|both factors for W|"
                                + "make no adapter).*"),
                refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "Infinity", "-Infinity", "I32", "I64", "U8", "BOOL"})
    void numbersThatNoTrainingGivesAreRefusedWhereverTheyStand(String kind) throws IOException {
        for (String name : List.of(
                "base_model.model.head.weight",
                "base_model.model.head.bias",
                "lowrank4j/norm/gamma",
                "base_model.model.fc.lora_A.weight")) {
            Map<String, INDArray> tensors = pair();
            tensors.put("base_model.model.head.weight", SmallNetworks.random(6, 3, 5));
            tensors.put("base_model.model.head.bias", SmallNetworks.random(7, 3));
            tensors.put("lowrank4j/norm/gamma", SmallNetworks.random(8, 1, 5));
            tensors.put(name, spoilt(tensors.get(name), kind));
            writeOfPeft("{\"peft_type\":\"LORA\",\"r\":2,\"modules_to_save\":[\"head\"]}", tensors);
            LowRankException refused = assertThrows(LowRankException.class, () -> PeftDirectory.read(directory), name);
            assertTrue(
                    refused.getMessage().contains(kind.length() > 4 ? "NaN or infinite" : "has ")
                            && refused.getMessage().length() < 500,
                    refused.getMessage());
        }
    }

    private static INDArray spoilt(INDArray sound, String kind) {
        return switch (kind) {
            case "I32" -> sound.castTo(DataType.INT);
            case "I64" -> sound.castTo(DataType.LONG);
            case "U8" -> sound.castTo(DataType.UBYTE);
            case "BOOL" -> sound.castTo(DataType.BOOL);
            default -> sound.dup().putScalar(sound.length() - 1, Float.parseFloat(kind));
        };
    }

    private static Map<String, INDArray> pair() {
        Map<String, INDArray> tensors = new TreeMap<>();
        tensors.put("base_model.model.fc.lora_A.weight", SmallNetworks.random(1, 2, 3));
        tensors.put("base_model.model.fc.lora_B.weight", SmallNetworks.random(2, 4, 2));
        return tensors;
    }

    private void writeOfPeft(String config, Map<String, INDArray> tensors) throws IOException {
        Files.writeString(directory.resolve(PeftDirectory.CONFIG), config);
        Replacement.write(
                directory.resolve(PeftDirectory.TENSORS),
                stream -> Safetensors.write(new Tensors(tensors, Map.of("format", "pt")), stream));
    }
}
