package org.lowrank4j.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.Zips;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class ModelWeightsTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMultiLayerNetworksWeightsAreFoundByName(boolean updater) throws IOException {
        MultiLayerNetwork network = network();
        Path file = folder.resolve("network.zip");
        ModelSerializer.writeModel(network, file.toFile(), updater);
        for (ModelWeights weights : new ModelWeights[] {ModelWeights.read(file), ModelWeights.of(network)}) {
            assertEquals(network.getLayer(2).getParam("W"), weights.weight("hidden", 36, 5));
            assertEquals(network.getLayer(3).getParam("W"), weights.weight("layer3", 5, 4), "frozen, without a name");
            assertEquals(network.getLayer(4).getParam("W"), weights.weight("out", 4, 3));
        }
        assertSame(network.getLayer(4).getParam("W"), ModelWeights.of(network).weight("out", 4, 3), "live");
    }

    @Test
    void aGraphsWeightsAreFoundByVertex() throws IOException {
        ComputationGraph graph = graph();
        Path file = folder.resolve("graph.zip");
        graph.save(file.toFile(), false);
        for (ModelWeights weights : new ModelWeights[] {ModelWeights.read(file), ModelWeights.of(graph)}) {
            assertEquals(graph.getLayer("left").getParam("W"), weights.weight("left", 4, 6));
            assertEquals(graph.getLayer("right").getParam("W"), weights.weight("right", 5, 7));
            assertEquals(graph.getLayer("out").getParam("W"), weights.weight("out", 13, 2));
        }
    }

    @Test
    void verticesWithParametersOfTheirOwnAreSteppedOver() throws IOException {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.recurrent(4, 6))
                .addVertex(
                        "attention",
                        new AttentionVertex.Builder()
                                .nInKeys(4)
                                .nInQueries(4)
                                .nInValues(4)
                                .nOut(8)
                                .nHeads(2)
                                .projectInput(true)
                                .build(),
                        "in",
                        "in",
                        "in")
                .addLayer("lstm", new LSTM.Builder().nOut(5).build(), "attention")
                .addLayer("out", new RnnOutputLayer.Builder().nOut(3).build(), "lstm")
                .setOutputs("out")
                .build());
        graph.init();
        Path file = folder.resolve("attention.zip");
        graph.save(file.toFile(), false);
        assertEquals(
                graph.getLayer("out").getParam("W"), ModelWeights.read(file).weight("out", 5, 3));
    }

    @Test
    void oneReadingServesAllWhoAskWhileOneHoldsIt() throws IOException {
        Path file = folder.resolve("network.zip");
        ModelSerializer.writeModel(network(), file.toFile(), false);
        ModelWeights first = ModelWeights.shared("eora.original", file.toString());
        assertSame(first, ModelWeights.shared("eora.original", " " + folder.resolve("./network.zip")));
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
        assertNotSame(first, ModelWeights.shared("eora.original", file.toString()), "the file changed");
        Files.delete(file);
        assertTrue(refusal(() -> ModelWeights.shared("eora.original", file.toString()))
                .contains("eora.original: there is no file " + file));
    }

    @Test
    void layersThatDoNotFitAreExplained() throws IOException {
        Path file = folder.resolve("network.zip");
        ModelSerializer.writeModel(network(), file.toFile(), false);
        ModelWeights weights = ModelWeights.shared("eora.original", file.toString());
        String name = refusal(() -> weights.weight("hiden", 36, 5));
        assertEquals(
                "eora.original=" + file
                        + " has no weight W of layer 'hiden'. It has one of 'layer0', 'hidden', 'layer3', 'out'."
                        + " Did you mean 'hidden'? It must be the same network before compression.",
                name);
        String shape = refusal(() -> weights.weight("out", 4, 10));
        assertEquals(
                "The weight of layer 'out' is 4 x 10, and in eora.original=" + file
                        + " it is 4 x 3. It must be the same network before compression.",
                shape);
    }

    @Test
    void whatIsNoModelZipIsExplained() throws IOException {
        assertTrue(refusal(() -> ModelWeights.read(folder.resolve("gone.zip"))).contains("there is no file"));
        assertTrue(refusal(() -> ModelWeights.read(folder)).contains("there is no file"), "a folder");
        assertTrue(refusal(() -> ModelWeights.shared("eora.original", "a\0b")).contains("is no path"));
        Path text = Files.writeString(folder.resolve("text.zip"), "weights");
        assertTrue(refusal(() -> ModelWeights.read(text)).contains("is not a readable zip"));
        Path other = zip("other.zip", Map.of("readme.txt", new byte[3]));
        String entry = refusal(() -> ModelWeights.read(other));
        assertTrue(entry.contains("no entry configuration.json") && entry.contains("It has readme.txt."), entry);
    }

    @Test
    void aDamagedModelZipIsExplained() throws IOException {
        Path file = folder.resolve("network.zip");
        ModelSerializer.writeModel(network(), file.toFile(), false);
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (String name : new String[] {"configuration.json", "coefficients.bin"}) {
                entries.put(name, zip.getInputStream(zip.getEntry(name)).readAllBytes());
            }
        }
        Path copy = zip("copy.zip", entries);
        assertEquals(
                ModelWeights.read(file).weight("out", 4, 3),
                ModelWeights.read(copy).weight("out", 4, 3),
                "undamaged");

        Map<String, byte[]> cut = new LinkedHashMap<>(entries);
        cut.compute("coefficients.bin", (name, bytes) -> Arrays.copyOf(bytes, bytes.length / 2));
        String half = refusal(() -> ModelWeights.read(zip("cut.zip", cut)));
        assertTrue(half.contains("cut.zip cannot be used: its parameters are damaged"), half);

        Map<String, byte[]> json = new LinkedHashMap<>(entries);
        json.put("configuration.json", "{".getBytes(StandardCharsets.UTF_8));
        assertTrue(refusal(() -> ModelWeights.read(zip("json.zip", json))).contains("configuration.json is not"));

        ModelSerializer.writeModel(graph(), folder.resolve("graph.zip").toFile(), false);
        Map<String, byte[]> mixed = new LinkedHashMap<>(entries);
        try (ZipFile zip = new ZipFile(folder.resolve("graph.zip").toFile())) {
            mixed.put(
                    "coefficients.bin",
                    zip.getInputStream(zip.getEntry("coefficients.bin")).readAllBytes());
        }
        String lengths = refusal(() -> ModelWeights.read(zip("mixed.zip", mixed)));
        assertTrue(lengths.contains("parameters, and its configuration describes"), lengths);
    }

    private Path zip(String name, Map<String, byte[]> entries) {
        try {
            return Zips.write(folder.resolve(name), entries);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String refusal(Runnable refused) {
        return assertThrows(LowRankException.class, refused::run).getMessage();
    }

    private static MultiLayerNetwork network() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .seed(3)
                .list()
                .layer(new ConvolutionLayer.Builder(2, 2).nOut(4).build())
                .layer(new BatchNormalization())
                .layer(new DenseLayer.Builder().name("hidden").nOut(5).build())
                .layer(new FrozenLayer(new DenseLayer.Builder().nOut(4).build()))
                .layer(new OutputLayer.Builder().name("out").nOut(3).build())
                .setInputType(InputType.convolutional(4, 4, 1))
                .build());
        network.init();
        return network;
    }

    private static ComputationGraph graph() {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(3)
                .graphBuilder()
                .addInputs("a", "b")
                .addLayer("right", new DenseLayer.Builder().nIn(5).nOut(7).build(), "b")
                .addLayer("left", new DenseLayer.Builder().nIn(4).nOut(6).build(), "a")
                .addVertex("both", new MergeVertex(), "left", "right")
                .addLayer("out", new OutputLayer.Builder().nIn(13).nOut(2).build(), "both")
                .setOutputs("out")
                .build());
        graph.init();
        for (String name : new String[] {"left", "right", "out"}) {
            INDArray weight = graph.getLayer(name).getParam("W");
            assertEquals(2, weight.rank());
        }
        return graph;
    }
}
