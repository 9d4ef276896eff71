package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.LowRankException;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class MergeTest {

    @TempDir
    Path directory;

    private Path baseFile;
    private Path output;
    private ModelFile base;

    @BeforeEach
    void aBase() throws IOException {
        baseFile = directory.resolve("base.zip");
        output = directory.resolve("merged.zip");
        ModelSerializer.writeModel(SmallNetworks.sequential(1), baseFile.toFile(), true);
        base = ModelFile.read(baseFile);
    }

    @Test
    void theMergedModelIsPlainAndPredictsAsTheAdaptedOne() throws IOException {
        Adapter adapter = SmallNetworks.withOutput(5, base.network());
        Merge.Report report = Merge.write(base, adapter, output, false);
        assertEquals(adapter.layers().keySet(), report.differences().keySet());
        assertTrue(report.largestDifference() <= 1e-6, () -> "difference " + report.largestDifference());
        assertEquals(12 * 10 + 10 * 8 + 8 * 3 + 3, report.changed());

        MultiLayerNetwork merged = ModelSerializer.restoreMultiLayerNetwork(output.toFile());
        MultiLayerNetwork adapted = SmallNetworks.sequential(1);
        AdapterSet set = AdapterSet.on(adapted);
        set.add("a", adapter);
        set.activate("a");
        INDArray x = SmallNetworks.random(3, 16, 12);
        assertTrue(Difference.sameBits(adapted.params(), merged.params()));
        assertTrue(Difference.sameBits(adapted.output(x), merged.output(x)));
        // The base in memory and on disk is as it was.
        assertTrue(Difference.sameBits(
                SmallNetworks.sequential(1).params(), base.network().params()));
        assertTrue(Difference.sameBits(
                SmallNetworks.sequential(1).params(),
                ModelFile.read(baseFile).network().params()));
    }

    @Test
    void magnitudesAreMergedToo() throws IOException {
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        layers.put(
                "one",
                new LayerAdapter(
                        SmallNetworks.random(1, 12, 2),
                        SmallNetworks.random(2, 2, 10),
                        4,
                        Scaling.RSLORA,
                        SmallNetworks.random(3, 10).addi(2)));
        Merge.Report report = Merge.write(base, new Adapter(layers), output, false);
        assertTrue(report.largestDifference() <= 1e-6);
        INDArray w = ((MultiLayerNetwork) ModelFile.read(output).network())
                .getLayer(0)
                .getParam("W");
        assertArrayEquals(
                layers.get("one").magnitude().toDoubleVector(), w.norm2(0).toDoubleVector(), 1e-5);
    }

    @Test
    void aMergeThatChangesNothingIsRefused() throws IOException {
        LayerAdapter untrained = new LayerAdapter(
                SmallNetworks.random(1, 12, 2), Nd4j.zeros(DataType.FLOAT, 2, 10), 4, Scaling.STANDARD, null);
        assertRefused("would change nothing", new Adapter(Map.of("one", untrained)), false);
        // So small that rounding swallows it.
        LayerAdapter tiny = new LayerAdapter(
                SmallNetworks.random(1, 12, 2), SmallNetworks.random(2, 2, 10), 1e-12, Scaling.STANDARD, null);
        assertRefused("would change nothing", new Adapter(Map.of("one", tiny)), false);
    }

    @Test
    void anotherBaseIsRefusedUnlessAllowed() throws IOException {
        Adapter foreign = SmallNetworks.adapter(5, SmallNetworks.sequential(2));
        assertRefused("made on another base", foreign, false);
        Merge.write(base, foreign, output, true);
        assertTrue(Files.exists(output));
    }

    @Test
    void shapesAndInfinitiesAreRefused() throws IOException {
        assertRefused("the network's is 12 x 10", new Adapter(Map.of("one", SmallNetworks.layer(1, 12, 11, 2))), true);
        LayerAdapter huge = new LayerAdapter(
                SmallNetworks.random(1, 12, 2).muli(1e30),
                SmallNetworks.random(2, 2, 10).muli(1e30),
                2,
                Scaling.STANDARD,
                null);
        assertRefused("too large for a network of FLOAT", new Adapter(Map.of("one", huge)), true);
        INDArray bias = Nd4j.create(DataType.DOUBLE, 3).addi(1e300);
        assertRefused(
                "too large for a network of FLOAT",
                new Adapter(Map.of(), Map.of("out", Map.of("b", bias)), null, Map.of()),
                true);
    }

    @Test
    void anOlderOutputStaysWholeWhenTheMergeIsRefused() throws IOException {
        Files.writeString(output, "older");
        assertThrows(
                LowRankException.class,
                () -> Merge.write(base, SmallNetworks.adapter(5, SmallNetworks.sequential(2)), output, false));
        assertEquals("older", Files.readString(output));
    }

    @Test
    void theBaseFileMayBeReplaced() throws IOException {
        Model before = ModelFile.read(baseFile).network();
        Merge.write(base, SmallNetworks.adapter(5, before), baseFile, false);
        assertTrue(!Difference.sameBits(
                before.params(), ModelFile.read(baseFile).network().params()));
    }

    private void assertRefused(String why, Adapter adapter, boolean anyBase) {
        LowRankException refused =
                assertThrows(LowRankException.class, () -> Merge.write(base, adapter, output, anyBase));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
        assertTrue(Files.notExists(output));
    }
}
