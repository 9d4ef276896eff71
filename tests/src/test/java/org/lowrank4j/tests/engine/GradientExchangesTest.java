package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.ParallelWrapper.TrainingMode;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Exchanges that change the gradients on their way. */
class GradientExchangesTest {

    private static final Map<String, Map<String, String>> OPTIONS = Map.of(
            "powersgd",
            Map.of("powersgd.start", "2", "powersgd.least-ratio", "1", "powersgd.rank", "1"),
            "econtrol",
            Map.of(),
            "flag",
            Map.of());

    private static MultiLayerNetwork network(String exchange, DataType type, IUpdater updater, String... more) {
        Map<String, String> rule = new HashMap<>(OPTIONS.get(exchange));
        rule.putAll(Map.of("rank", "3", "exchange", exchange));
        for (int i = 0; i < more.length; i += 2) {
            rule.put(more[i], more[i + 1]);
        }
        List<MultiLayerNetwork> made = new ArrayList<>();
        JvmRules.with(rule, () -> made.add(Nets.initialised(Nets.layers(Nets.settings(type, updater)))));
        return made.get(0);
    }

    private static void fit(MultiLayerNetwork network, int workers, List<DataSet> batches) {
        new ParallelWrapper.Builder<>(network)
                .workers(workers)
                .prefetchBuffer(0)
                .averagingFrequency(1)
                .trainingMode(TrainingMode.AVERAGING)
                .build()
                .fit(new ListDataSetIterator<>(batches, 1));
    }

    /** The same minibatches again and again. */
    private static List<DataSet> batches(DataType type, int workers, int rounds) {
        return IntStream.range(0, workers * rounds)
                .mapToObj(i -> Data.classes(i % workers, type, 8, Nets.INPUTS, Nets.CLASSES))
                .toList();
    }

    static Stream<Arguments> exchanges() {
        return OPTIONS.keySet().stream()
                .flatMap(exchange -> Stream.of("lora", "full")
                        .flatMap(update -> Stream.of(2, 3, 4).map(workers -> Arguments.of(exchange, update, workers))));
    }

    @ParameterizedTest
    @MethodSource("exchanges")
    void learns(String exchange, String update, int workers) {
        MultiLayerNetwork network = network(exchange, DataType.FLOAT, new Adam(0.01), "update", update);
        List<DataSet> batches = batches(DataType.FLOAT, workers, 60);
        DataSet all = DataSet.merge(batches.subList(0, workers));
        double before = network.score(all);
        List<String> said = CapturedErrors.of(() -> fit(network, workers, batches));
        double after = network.score(all);
        assertTrue(after < 0.85 * before, () -> "the loss goes from " + before + " to " + after);
        assertEquals(
                1,
                CapturedErrors.containing(said, workers + " replicas, exchange=" + exchange + ": each sends")
                        .size(),
                said::toString);
    }

    /** Each fit begins with nothing left over from the one before, so there is nothing to save. */
    @ParameterizedTest
    @ValueSource(strings = {"powersgd", "econtrol", "flag"})
    void goesOnFromItsFileBitForBit(String exchange, @TempDir Path directory) throws IOException {
        MultiLayerNetwork network = network(exchange, DataType.FLOAT, new Adam(0.01));
        List<DataSet> batches = batches(DataType.FLOAT, 3, 5);
        fit(network, 3, batches);
        File file = directory.resolve("model.zip").toFile();
        ModelSerializer.writeModel(network, file, true);
        List<MultiLayerNetwork> restored = new ArrayList<>();
        Map<String, String> rule = new HashMap<>(OPTIONS.get(exchange));
        rule.putAll(Map.of("rank", "3", "exchange", exchange));
        JvmRules.with(rule, () -> {
            try {
                restored.add(ModelSerializer.restoreMultiLayerNetwork(file, true));
            } catch (IOException unreadable) {
                throw new AssertionError(unreadable);
            }
        });
        INDArray reached = network.params().dup();
        fit(network, 3, batches);
        fit(restored.get(0), 3, batches);
        Nets.assertMoved(reached, network.params(), "the network");
        Nets.assertSame(network.params(), restored.get(0).params(), "parameters");
    }

    /** The replica whose loss is not a number takes the step of the others. */
    @Test
    void flagGoesOnWithoutAReplicaWhoseDataAreNotNumbers() {
        MultiLayerNetwork one = network("flag", DataType.DOUBLE, new Sgd(0.1));
        MultiLayerNetwork many =
                network("flag", DataType.DOUBLE, new Sgd(0.1), "flag.dimensions", "3", "flag.scale", "mean");
        List<DataSet> batches = batches(DataType.DOUBLE, 3, 4);
        List<DataSet> sent = new ArrayList<>();
        for (int i = 0; i < batches.size(); i++) {
            DataSet batch = batches.get(i).copy();
            if (i % 3 == 1) {
                batch.getFeatures().assign(Double.NaN);
            }
            sent.add(batch);
        }
        for (int i = 0; i < batches.size(); i += 3) {
            one.fit(DataSet.merge(List.of(batches.get(i), batches.get(i + 2))));
        }
        List<String> said = CapturedErrors.of(() -> fit(many, 3, sent));
        assertEquals(1, CapturedErrors.containing(said, "replica 1 aside").size(), said::toString);
        Nets.assertClose(one.params(), many.params(), 1e-12, "parameters");
    }
}
