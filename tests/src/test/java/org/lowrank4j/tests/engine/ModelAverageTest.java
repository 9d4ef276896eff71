package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.ModelAverage;
import org.lowrank4j.adapter.ModelFile;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** Averages of other widths, from the files of a training that kept two. */
class ModelAverageTest {

    @TempDir
    private Path folder;

    private static MultiLayerNetwork network(String update, String first, String second) {
        Map<String, String> rule = new HashMap<>(Map.of(
                "rank",
                "2",
                "bias",
                "all",
                "update",
                update,
                "average",
                "post-hoc-ema",
                "post-hoc-ema.first",
                first,
                "post-hoc-ema.second",
                second));
        return Rules.during(rule, () -> Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Adam(0.02)))));
    }

    private static void fit(MultiLayerNetwork network, int seed) {
        List<DataSet> batches =
                Collections.nCopies(20, Data.classes(seed, DataType.DOUBLE, 12, Nets.INPUTS, Nets.CLASSES));
        network.fit(new ListDataSetIterator<>(batches, 1));
    }

    private ModelFile saved(MultiLayerNetwork network, String name) throws IOException {
        Path file = folder.resolve(name);
        network.save(file.toFile(), true);
        return ModelFile.read(file);
    }

    /** That of A and B, of biases, of the output layer, and of W itself. */
    @ParameterizedTest
    @CsvSource({"lora", "full", "relora"})
    void eachOfTheTwoWidthsIsMadeExactly(String update) throws IOException {
        MultiLayerNetwork network = network(update, "0.05", "0.1");
        MultiLayerNetwork wide = network(update, "0.1", "0.05");
        fit(network, 1);
        fit(wide, 1);
        ModelAverage.OfWidth made = ModelAverage.ofWidth(List.of(saved(network, "one.zip")), 0.1);
        assertTrue(made.distance() < 1e-6, "distance " + made.distance());
        Nets.assertClose(wide.params(), made.model().network().params(), 1e-9, update);
        assertTrue(network.params().distance2(wide.params()) > 1e-3, "which is another");
        ModelAverage.OfWidth same = ModelAverage.ofWidth(List.of(saved(network, "two.zip")), 0.05);
        Nets.assertClose(network.params(), same.model().network().params(), 1e-9, update);
    }

    /** Files of several epochs come nearer to a width that none of them has. */
    @Test
    void moreFilesComeNearer() throws IOException {
        MultiLayerNetwork network = network("lora", "0.05", "0.1");
        MultiLayerNetwork direct = network("lora", "0.15", "0.1");
        ModelFile[] files = new ModelFile[5];
        for (int epoch = 0; epoch < files.length; epoch++) {
            fit(network, epoch);
            fit(direct, epoch);
            files[epoch] = saved(network, epoch + ".zip");
        }
        ModelAverage.OfWidth one = ModelAverage.ofWidth(List.of(ModelFile.read(folder.resolve("4.zip"))), 0.15);
        ModelAverage.OfWidth all = ModelAverage.ofWidth(List.of(files), 0.15);
        double ofOne = one.model().network().params().distance2(direct.params());
        double ofAll = all.model().network().params().distance2(direct.params());
        assertTrue(all.distance() < 0.3 * one.distance(), all.distance() + " against " + one.distance());
        assertTrue(ofAll < 0.5 * ofOne, ofAll + " against " + ofOne);
        assertEquals(folder.resolve("4.zip"), all.model().file());
        Path written = folder.resolve("written.zip");
        all.model().writeTo(written, null);
        MultiLayerNetwork stock = ModelSerializer.restoreMultiLayerNetwork(written.toFile());
        INDArray inputs =
                Data.classes(9, DataType.DOUBLE, 5, Nets.INPUTS, Nets.CLASSES).getFeatures();
        Nets.assertClose(
                ((MultiLayerNetwork) all.model().network()).output(inputs), stock.output(inputs), 1e-12, "in stock");
        assertFalse(AdapterFile.entries(AdapterFile.zip(stock)).containsKey(AdapterFile.ENTRY));
    }

    @Test
    void whatWDoesNotFollowIsRefusedByName() throws IOException {
        MultiLayerNetwork network = network("dora", "0.05", "0.1");
        fit(network, 1);
        ModelFile file = saved(network, "dora.zip");
        String message = assertThrows(LowRankException.class, () -> ModelAverage.ofWidth(List.of(file), 0.07))
                .getMessage();
        assertTrue(message.contains("update=dora") && message.contains("update=lora"), message);
    }

    /** A file goes on with the widths that it has. */
    @Test
    void otherWidthsStartAnew() throws IOException {
        MultiLayerNetwork network = network("lora", "0.05", "0.1");
        fit(network, 1);
        saved(network, "one.zip");
        Map<String, String> rule =
                Map.of("rank", "2", "bias", "all", "average", "post-hoc-ema", "post-hoc-ema.first", "0.07");
        MultiLayerNetwork resumed = Rules.during(rule, () -> {
            try {
                return ModelSerializer.restoreMultiLayerNetwork(
                        folder.resolve("one.zip").toFile());
            } catch (IOException failed) {
                throw new java.io.UncheckedIOException(failed);
            }
        });
        List<String> said = CapturedErrors.of(() -> fit(resumed, 2));
        assertEquals(
                1,
                CapturedErrors.containing(said, "The saved averages have the widths [0.05, 0.1]")
                        .size());
    }
}
