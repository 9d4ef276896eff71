package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.compression.FactoredModel;
import org.lowrank4j.compression.RankChoice;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** Updates that move W before the forward pass, or train towards a smaller network, in networks that train. */
class RankTrainingTest {

    @LowRank(
            rank = 2,
            update = "maestro",
            options = {"maestro.lasso=0.05", "maestro.threshold=0.3"})
    private static MultiLayerNetwork maestro(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            rank = 2,
            update = "trp",
            options = {"trp.energy=0.7", "trp.interval=2", "trp.nuclear-weight=0.01"})
    private static MultiLayerNetwork trp(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static MultiLayerConfiguration layers() {
        return Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.01)));
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES);
    }

    private static ListDataSetIterator<DataSet> epoch(int batches) {
        List<DataSet> data = new ArrayList<>();
        for (int i = 0; i < batches; i++) {
            data.add(batch(i));
        }
        return new ListDataSetIterator<>(data, 1);
    }

    private static void assertIsProduct(MultiLayerNetwork network) {
        for (String layer : new String[] {"0", "1"}) {
            INDArray product = AdapterFile.factor(network, "layer" + layer, "A")
                    .mmul(AdapterFile.factor(network, "layer" + layer, "B"));
            Nets.assertClose(product, network.getParam(layer + "_W"), 1e-6, "W of layer" + layer);
        }
    }

    @Test
    void theForwardPassOfAStepIsReducedAndTheWeightIsWholeBetweenSteps() {
        MultiLayerNetwork network = maestro(layers());
        List<Double> losses = new ArrayList<>();
        network.addListeners(new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                assertIsProduct((MultiLayerNetwork) model);
                losses.add(model.score());
            }
        });
        network.setLearningRate(0);
        INDArray[] weights = new INDArray[2];
        for (int i = 0; i < 13; i++) {
            network.fit(batch(1));
            weights[i % 2] = network.params().dup();
        }
        Nets.assertSame(weights[0], weights[1], "parameters at rate 0");
        // 6 + 7 widths, of which the two full ones give the same loss.
        assertEquals(12, losses.stream().distinct().count(), "losses of the same network at every width: " + losses);
    }

    @Test
    void aBrokenBatchLeavesTheWholeWeight() {
        MultiLayerNetwork network = maestro(layers());
        for (int i = 0; i < 3; i++) {
            network.fit(batch(i));
        }
        INDArray parameters = network.params().dup();
        Map<String, INDArray> adapters = AdapterFile.tensors(network);
        DataSet broken = batch(100);
        broken.getFeatures().putScalar(2, 3, Double.NaN);
        DataSet misfit = new DataSet(batch(0).getFeatures(), Data.oneHot(3, DataType.FLOAT, 9, Nets.CLASSES + 2));
        for (int i = 0; i < 2; i++) {
            network.fit(broken);
            Nets.assertSame(parameters, network.params(), "parameters after a batch that is no number");
            assertThrows(RuntimeException.class, () -> network.fit(misfit));
            Nets.assertSame(parameters, network.params(), "parameters after a step that threw");
        }
        Map<String, INDArray> after = AdapterFile.tensors(network);
        adapters.forEach((name, tensor) -> Nets.assertSame(tensor, after.get(name), name));
        network.fit(batch(4));
        Nets.assertMoved(parameters, network.params(), "parameters");
        assertIsProduct(network);
    }

    @Test
    void maestroShrinksWithTheEpochsAndItsResultIsASmallerStockModel() throws IOException {
        MultiLayerNetwork network = maestro(layers());
        for (int i = 0; i < 100; i++) {
            network.fit(epoch(2));
        }
        long left = 0;
        for (String layer : new String[] {"layer0", "layer1"}) {
            left += AdapterFile.factor(network, layer, "rank").getLong(0);
        }
        assertTrue(left < 13 && left > 0, left + " of 13 components are left");
        assertBecomesSmaller(network, RankChoice.exact());
    }

    @Test
    void aTruncatedNetworkBecomesASmallerStockModel() throws IOException {
        MultiLayerNetwork network = trp(layers());
        for (int i = 0; i < 20; i++) {
            network.fit(batch(i % 3));
        }
        // The last of 20 steps ended in a truncation.
        assertBecomesSmaller(network, RankChoice.exact());
    }

    private static void assertBecomesSmaller(MultiLayerNetwork network, RankChoice choice) throws IOException {
        MultiLayerNetwork small = FactoredModel.of(network, choice);
        assertTrue(small.numParams() < network.numParams(), small.numParams() + " of " + network.numParams());
        INDArray inputs = batch(50).getFeatures();
        INDArray expected = network.output(inputs);
        Nets.assertClose(expected, small.output(inputs), 1e-5, "outputs");
        byte[] zip = AdapterFile.zip(small);
        assertFalse(AdapterFile.entries(zip).containsKey(AdapterFile.ENTRY), "a stock model has no adapters");
        MultiLayerNetwork loaded = ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
        Nets.assertClose(expected, loaded.output(inputs), 1e-5, "outputs of the saved model");
    }
}
