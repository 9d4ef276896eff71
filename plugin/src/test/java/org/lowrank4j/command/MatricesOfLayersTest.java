package org.lowrank4j.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.command.CommandLines.Ran;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.shade.jackson.databind.JsonNode;

/** Every verb on layers that have several matrices, or one that is not the parameter as it stands. */
class MatricesOfLayersTest {

    private static final String[] KEYS = {"conv", "both/fW", "both/fRW", "both/bW", "both/bRW", "lstm", "lstm/RW"};

    @TempDir
    Path folder;

    private Path base;
    private Path tuned;

    @BeforeEach
    void writeModels() throws IOException {
        base = folder.resolve("base.zip");
        tuned = folder.resolve("tuned.zip");
        network().save(base.toFile(), false);
        MultiLayerNetwork trained = network();
        NetworkWeights weights = NetworkWeights.of(trained);
        int seed = 1;
        for (String key : KEYS) {
            INDArray matrix = weights.matrix(key);
            matrix.addi(Nd4j.linspace(DataType.DOUBLE, 0.01, 0.01 * seed++, matrix.size(0))
                    .reshape(matrix.size(0), 1)
                    .mmul(Nd4j.linspace(DataType.DOUBLE, 1, 0.1, matrix.size(1)).reshape(1, matrix.size(1))));
        }
        // One of them by a change of rank 2.
        weights.matrix("lstm/RW").getRow(0).addi(0.3);
        trained.save(tuned.toFile(), false);
    }

    private static MultiLayerNetwork network() {
        Bidirectional both = new Bidirectional(new LSTM.Builder().nOut(4).build());
        both.setLayerName("both");
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(4)
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(0.1))
                .list()
                .layer(new Convolution1DLayer.Builder(2).name("conv").nOut(5).build())
                .layer(both)
                .layer(new LSTM.Builder().name("lstm").nOut(4).build())
                .layer(new RnnOutputLayer.Builder().name("out").nOut(2).build())
                .setInputType(InputType.recurrent(3, 6))
                .build());
        network.init();
        return network;
    }

    private static Ran fine(Object... arguments) {
        Ran ran = CommandLines.run(arguments);
        assertEquals(0, ran.status(), ran::toString);
        return ran;
    }

    @Test
    void everyVerbNamesThem() throws IOException {
        Path adapter = folder.resolve("adapter");
        Ran extracted = fine("extract", base, tuned, "--rank", 2, "-o", adapter);
        Ran verified = fine("verify", adapter, "--base", base);
        assertTrue(verified.out().contains("all 7 hashes agree"), verified::toString);
        Ran inspected = fine("inspect", adapter, "--base", base);
        Ran differing = CommandLines.run("diff", adapter, other());
        assertEquals(1, differing.status(), differing::toString);
        for (String key : KEYS) {
            assertTrue(extracted.out().contains("  " + key + ": keeps 100.00 %"), extracted::toString);
            assertTrue(inspected.out().contains("\n  " + key + " "), inspected::toString);
            assertTrue(differing.out().contains("\n  " + key + " "), differing::toString);
        }

        Path merged = folder.resolve("merged.zip");
        fine("merge", base, adapter, "-o", merged);
        MultiLayerNetwork expected = MultiLayerNetwork.load(tuned.toFile(), false);
        assertTrue(expected.params()
                .equalsWithEps(MultiLayerNetwork.load(merged.toFile(), false).params(), 1e-12));
        Ran models = CommandLines.run("diff", base, merged, "--json");
        assertEquals(KEYS.length, models.json().path("differing").size(), models::toString);
    }

    /** The same change, twice as large. */
    private Path other() {
        Path adapter = folder.resolve("adapter");
        Path other = folder.resolve("other");
        fine("combine", adapter, "--weights", "2", "--method", "concat", "-o", other);
        return other;
    }

    @Test
    void effectiveRanksAreThoseOfTheMatrices() throws IOException {
        Ran shown = fine("inspect", base);
        assertTrue(!shown.out().contains("effective rank ") && shown.out().contains("--spectrum"), shown::toString);
        Ran ran = fine("inspect", base, "--spectrum", "--json");
        List<String> ranked = new ArrayList<>();
        ran.json().path("parameters").forEach(parameter -> {
            String name = parameter.path("name").asText();
            if (parameter.has("effectiveRank")) {
                ranked.add(parameter.path("layer").asText() + (name.equals("W") ? "" : "/" + name));
            }
        });
        List<String> all = new ArrayList<>(List.of(KEYS));
        all.add("out");
        assertEquals(all, ranked);
    }

    @Test
    void oneMatrixOfALayerIsExtractedAlone() {
        Path adapter = folder.resolve("adapter");
        Ran extracted = fine("extract", base, tuned, "--rank", 2, "--layers", "lstm/RW", "-o", adapter);
        assertTrue(extracted.out().contains("adapter of 1 layer: "), extracted::toString);
        assertTrue(extracted.out().contains("  lstm/RW: keeps"), extracted::toString);
        assertTrue(extracted.out().contains("\n  lstm W "), extracted::toString);
        Ran unknown =
                CommandLines.run("extract", base, tuned, "--rank", 2, "--layers", "lstm/R", "-o", adapter, "--force");
        assertTrue(unknown.err().contains("Did you mean 'lstm/RW'?"), unknown::toString);
    }

    @Test
    void aConvertedAdapterHasTheRuleThatGoesOnWithIt() throws IOException {
        Path adapter = folder.resolve("adapter");
        fine("extract", base, tuned, "--rank", 2, "--layers", "lstm,conv", "-o", adapter);
        Path zip = folder.resolve("going-on.zip");
        Ran converted = fine("convert", adapter, "--base", base, "-o", zip);
        assertTrue(converted.out().contains("layers=conv:lstm/W:lstm/RW,"), converted::toString);
        String rule = converted
                .out()
                .lines()
                .filter(line -> line.contains("same settings: "))
                .findFirst()
                .orElseThrow()
                .replaceFirst(".*same settings: ", "");
        Object[] plan = ("plan," + zip + "," + rule + ",--json").split(",");
        Map<String, Integer> ranks = new LinkedHashMap<>();
        for (JsonNode layer : fine(plan).json().path("layers")) {
            layer.path("targets")
                    .forEach(target -> ranks.put(
                            target.path("target").asText(), target.path("rank").asInt()));
        }
        assertEquals(Map.of("conv", 1, "lstm", 1, "lstm/RW", 2), ranks);
        assertTrue(Files.exists(zip));
    }
}
