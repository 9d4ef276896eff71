package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Ranks that calibration found hold for layout, report, saved state and clones. */
class RedistributedRanksTest {

    /** Two adapters of rank 3. */
    private static final int BUDGET = 6;

    /** A user's code. */
    private interface Program {
        MultiLayerNetwork run() throws IOException;
    }

    @LowRank(rank = 3, init = "eva")
    private static MultiLayerNetwork eva(Program program) throws IOException {
        return program.run();
    }

    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.01))));
    }

    /** One direction of the inputs has nearly all of their variance. */
    private static List<DataSet> batches(int first) {
        return IntStream.range(first, first + 4)
                .mapToObj(i -> {
                    DataSet data = Data.classes(10 * i, DataType.FLOAT, 12, Nets.INPUTS, Nets.CLASSES);
                    data.getFeatures().muli(0.001).getColumn(0).muli(1000);
                    return data;
                })
                .toList();
    }

    private static int rank(Map<String, INDArray> tensors, String layer) {
        INDArray a = tensors.get("adapter/" + layer + "/A");
        return a == null ? 0 : (int) a.size(1);
    }

    @Test
    void ranksGoWhereTheInputsVaryAndTheBudgetHolds() throws IOException {
        MultiLayerNetwork network = eva(RedistributedRanksTest::network);
        MultiLayerNetwork stock = network();
        List<String> said = CapturedErrors.of(() -> network.fit(new CountedBatches(batches(0), true)));
        Map<String, INDArray> tensors = AdapterFile.tensors(network);
        int[] ranks = {rank(tensors, "layer0"), rank(tensors, "layer1")};
        assertEquals(BUDGET, ranks[0] + ranks[1]);
        assertTrue(ranks[1] > ranks[0], () -> "layer0 " + ranks[0] + ", layer1 " + ranks[1]);
        assertEquals(
                1,
                CapturedErrors.containing(said, "rank 3 asked for").stream()
                        .filter(line -> line.contains("layer1"))
                        .count(),
                said::toString);
        Nets.assertMoved(stock.getParam("1_W"), network.getParam("1_W"), "W of layer1");
    }

    /** Tokens by their counts, steps by their inputs and by the outputs of the step before, units. */
    @Test
    void layersOfAllKindsShareTheBudget() {
        Map<String, String> rule =
                Map.of("rank", "2", "init", "eva", "eva.batches", "1", "layers", "0..2", "train", "none");
        MultiLayerNetwork network = Rules.during(
                rule,
                () -> Nets.initialised(Nets.settings(DataType.DOUBLE, new Adam(0.01))
                        .list()
                        .layer(new EmbeddingSequenceLayer.Builder()
                                .nIn(9)
                                .nOut(6)
                                .build())
                        .layer(new LSTM.Builder().nOut(6).build())
                        .layer(new RnnOutputLayer.Builder().nOut(4).build())
                        .setInputType(InputType.recurrent(9, 5))
                        .build()));
        INDArray tokens = Nd4j.createFromArray(new double[][] {
            {3, 3, 1, 8, 3}, {0, 1, 5, 3, 3}, {1, 3, 7, 7, 2}, {3, 1, 3, 7, 4},
        });
        network.fit(new DataSet(
                tokens, Data.sequences(1, DataType.DOUBLE, 4, 4, 4, 5).getLabels()));
        Map<String, INDArray> tensors = AdapterFile.tensors(network);
        int sum = Stream.of("layer0", "layer1", "layer1/RW", "layer2")
                .mapToInt(target -> rank(tensors, target))
                .sum();
        assertEquals(8, sum, tensors.keySet()::toString);
        // The token that occurs most often varies most.
        assertEquals(
                3,
                Nd4j.argMax(Transforms.abs(tensors.get("adapter/layer0/A").getColumn(0)))
                        .getInt(0));
    }

    @Test
    void aSavedTrainingGoesOnWithItsRanks() throws IOException {
        MultiLayerNetwork network = eva(RedistributedRanksTest::network);
        network.fit(new CountedBatches(batches(0), true));
        byte[] zip = AdapterFile.zip(network);
        MultiLayerNetwork clone = eva(network::clone);
        MultiLayerNetwork restored =
                eva(() -> ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(zip), true));
        Map<String, INDArray> before = AdapterFile.tensors(network);
        for (MultiLayerNetwork each : List.of(network, clone, restored)) {
            each.fit(new CountedBatches(batches(4), true));
        }
        Nets.assertSame(network.params(), restored.params(), "parameters of the restored network");
        Nets.assertSame(network.params(), clone.params(), "parameters of the clone");
        Map<String, INDArray> after = AdapterFile.tensors(restored);
        assertEquals(before.keySet(), after.keySet());
        before.forEach((name, tensor) ->
                assertArrayEquals(tensor.shape(), after.get(name).shape(), name));
    }
}
