package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.compression.Calibration;
import org.lowrank4j.compression.Compression;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** A network that was compressed trains on, and takes adapters as any other. */
class CompressedModelTest {

    @LowRank(rank = 4, alpha = 8)
    private static MultiLayerNetwork adapted(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = 4, alpha = 8)
    private static ComputationGraph adaptedGraph(Supplier<ComputationGraph> program) {
        return program.get();
    }

    private static DataSet batch(int seed) {
        return new DataSet(
                Data.normal(seed, DataType.FLOAT, 9, Nets.INPUTS), Data.oneHot(seed, DataType.FLOAT, 9, Nets.CLASSES));
    }

    private static Map<String, Integer> ranks(Compression compression) {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        compression.layers().keySet().forEach(name -> ranks.put(name, 2));
        return ranks;
    }

    @Test
    void itsFileTrainsWithAdapters() throws Exception {
        MultiLayerNetwork whole = Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.02))));
        Compression compression =
                Compression.of(whole, Compression.method("afm"), Map.of(), Calibration.of(batch(1).getFeatures()));
        MultiLayerNetwork small = (MultiLayerNetwork) compression.model(ranks(compression));
        byte[] zip = AdapterFile.zip(small);
        assertFalse(AdapterFile.entries(zip).containsKey(AdapterFile.ENTRY));
        MultiLayerNetwork adapted = adapted(() -> AdapterFile.network(zip));
        INDArray inputs = batch(3).getFeatures();
        Nets.assertClose(small.output(inputs), adapted.output(inputs), 1e-6, "outputs of the file");
        INDArray before = adapted.params().dup();
        double score = adapted.score(batch(2));
        for (int i = 0; i < 40; i++) {
            adapted.fit(batch(2));
        }
        Nets.assertMoved(before, adapted.params(), "parameters");
        assertTrue(adapted.score(batch(2)) < score, "it learns");
        assertTrue(AdapterFile.entries(AdapterFile.zip(adapted)).containsKey(AdapterFile.ENTRY), "by adapters");
    }

    @Test
    void aGraphTrainsWithAdaptersToo() throws Exception {
        ComputationGraph whole = Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0.02))));
        Compression compression = Compression.of(whole, Compression.method("svd"), Map.of(), null);
        ComputationGraph small = (ComputationGraph) compression.model(ranks(compression));
        byte[] zip = AdapterFile.zip(small);
        ComputationGraph adapted = adaptedGraph(() -> restoredGraph(zip));
        double score = adapted.score(batch(2));
        for (int i = 0; i < 40; i++) {
            adapted.fit(batch(2));
        }
        assertTrue(adapted.score(batch(2)) < score, "it learns");
    }

    private static ComputationGraph restoredGraph(byte[] zip) {
        try {
            return ModelSerializer.restoreComputationGraph(AdapterFile.input(zip), true);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
