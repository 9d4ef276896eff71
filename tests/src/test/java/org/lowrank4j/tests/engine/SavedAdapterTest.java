package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.AdapterSet;
import org.lowrank4j.adapter.BaseFingerprint;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** A training that starts from a saved adapter starts from all of it, on base and adapter as {@link AdapterSet} has them. */
class SavedAdapterTest {

    private static final String PATH = "target/adapter-with-head";

    @LowRank(rank = 3, init = "adapter", options = "adapter.path=" + PATH)
    private static MultiLayerNetwork all(DataType type) {
        return Nets.initialised(Nets.layers(Nets.settings(type, new Adam(0))));
    }

    @LowRank(rank = 3, layers = "layer0", init = "adapter", options = "adapter.path=" + PATH, bias = "all")
    private static MultiLayerNetwork onlyOne(DataType type) {
        return Nets.initialised(Nets.layers(Nets.settings(type, new Adam(0))));
    }

    @LowRank(rank = 3, init = "adapter", options = "adapter.path=" + PATH)
    @LowRank.Layer(layers = "layer1", init = "pissa")
    private static MultiLayerNetwork oneOtherwise() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0))));
    }

    @LowRank(init = "adapter", options = "adapter.path=" + PATH)
    private static MultiLayerNetwork withoutRank() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0))));
    }

    @LowRank(rank = 2, init = "adapter", options = "adapter.path=" + PATH)
    private static ComputationGraph graph() {
        return Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0))));
    }

    /** Factors of two layers, the bias of the first, and the whole head. */
    private static Adapter adapter(Model base, String first, String second, String out) {
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        layers.put(first, layer(1, Nets.INPUTS, Nets.HIDDEN));
        layers.put(second, layer(2, Nets.HIDDEN, Nets.HIDDEN - 1));
        return new Adapter(
                layers,
                Map.of(
                        first, Map.of("b", normal(5, 1, Nets.HIDDEN)),
                        out, Map.of("W", normal(6, Nets.HIDDEN - 1, Nets.CLASSES), "b", normal(7, 1, Nets.CLASSES))),
                BaseFingerprint.of(base, layers.keySet()),
                Map.of());
    }

    private static LayerAdapter layer(long seed, int inputs, int outputs) {
        return new LayerAdapter(normal(seed, inputs, 2), normal(seed + 9, 2, outputs), 3, Scaling.STANDARD, null);
    }

    private static INDArray normal(long seed, int rows, int columns) {
        return Data.normal(seed, DataType.FLOAT, rows, columns);
    }

    private static MultiLayerNetwork stock(DataType type) {
        return Nets.initialised(Nets.layers(Nets.settings(type, new Adam(0))));
    }

    private static DataSet batch(DataType type) {
        return Data.classes(1, type, 16, Nets.INPUTS, Nets.CLASSES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"FLOAT", "DOUBLE"})
    void theNetworkStartsAsBaseAndAdapter(DataType type) throws IOException {
        MultiLayerNetwork expected = stock(type);
        Adapter adapter = adapter(expected, "layer0", "layer1", "layer2");
        PeftDirectory.write(adapter, Path.of(PATH));
        AdapterSet set = AdapterSet.on(expected);
        set.add("saved", adapter);
        set.activate("saved");

        MultiLayerNetwork network = all(type);
        List<String> said = CapturedErrors.of(() -> network.fit(batch(type)));
        assertEquals(
                1, CapturedErrors.containing(said, "W and b of layer layer2").size(), said::toString);
        assertEquals(1, CapturedErrors.containing(said, "b of layer layer0").size(), said::toString);
        Nets.assertClose(expected.params(), network.params(), 1e-6, "all layers adapted");

        // What the rule does not adapt is in the weights all the same.
        MultiLayerNetwork partly = onlyOne(type);
        partly.fit(batch(type));
        Nets.assertClose(expected.params(), partly.params(), 1e-6, "one layer adapted");
        assertEquals(expected.getParam("1_W"), partly.getParam("1_W"));
        assertEquals(expected.getParam("2_W"), partly.getParam("2_W"));
        assertEquals(expected.getParam("0_b"), partly.getParam("0_b"));
    }

    @Test
    void ranksAreThoseOfTheAdapterUnlessTheRuleSays() throws IOException {
        PeftDirectory.write(adapter(stock(DataType.FLOAT), "layer0", "layer1", "layer2"), Path.of(PATH));
        MultiLayerNetwork network = withoutRank();
        network.fit(batch(DataType.FLOAT));
        assertEquals(2, AdapterFile.factor(network, "layer0", "A").size(1));
        assertEquals(2, AdapterFile.factor(network, "layer1", "A").size(1));
    }

    @Test
    void aGraphStartsAsBaseAndAdapter() throws IOException {
        ComputationGraph expected = Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0))));
        Adapter adapter = adapter(expected, "first", "second", "out");
        PeftDirectory.write(adapter, Path.of(PATH));
        AdapterSet set = AdapterSet.on(expected);
        set.add("saved", adapter);
        set.activate("saved");
        ComputationGraph network = graph();
        network.fit(batch(DataType.FLOAT));
        Nets.assertClose(expected.params(), network.params(), 1e-6, "graph");
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeTheFirstStep() throws IOException {
        MultiLayerNetwork base = stock(DataType.FLOAT);
        Adapter adapter = adapter(base, "layer0", "layer1", "layer2");
        refused(
                adapter.withParameters(Map.of("layer2", Map.of("b", normal(1, 1, Nets.CLASSES + 1)))),
                "brings b of layer layer2 with the shape [1, 4]",
                all(DataType.FLOAT));
        refused(
                adapter.withParameters(Map.of("layer2", Map.of("W", normal(1, Nets.CLASSES, Nets.CLASSES)))),
                "brings W of layer layer2 with the shape [3, 3]",
                all(DataType.FLOAT));
        refused(
                adapter.withParameters(Map.of("head", Map.of("W", normal(1, Nets.HIDDEN - 1, Nets.CLASSES)))),
                "has no layer 'head'",
                all(DataType.FLOAT));
        refused(
                adapter.withParameters(Map.of("layer2", Map.of("gain", normal(1, 1, 3)))),
                "has no parameter gain",
                all(DataType.FLOAT));
        INDArray huge = normal(1, 1, Nets.CLASSES).castTo(DataType.DOUBLE).muli(1e300);
        refused(
                adapter.withParameters(Map.of("layer2", Map.of("b", huge))),
                "too large for a network of FLOAT",
                all(DataType.FLOAT));
        refused(adapter, "it changes W of layer layer1, which the rule adapts with another start", oneOtherwise());

        MultiLayerNetwork foreign = Nets.initialised(
                Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0)).seed(77)));
        refused(adapter(foreign, "layer0", "layer1", "layer2"), "was made on another base", onlyOne(DataType.FLOAT));
    }

    private static void refused(Adapter adapter, String why, MultiLayerNetwork network) throws IOException {
        PeftDirectory.write(adapter, Path.of(PATH));
        INDArray before = network.params().dup();
        LowRankException refused = assertThrows(LowRankException.class, () -> network.fit(batch(DataType.FLOAT)));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
        assertEquals(before, network.params());
        assertEquals(0, network.getIterationCount());
    }
}
