package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

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
