package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;

/** A batch with values that are no numbers costs its step, not the training. */
class NanLossTest {

    @LowRank(rank = 2, bias = "all")
    private static MultiLayerNetwork lora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2)
    private static ComputationGraph lora(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, gradient = "galore", options = "galore.refresh=2")
    private static MultiLayerNetwork galore(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 7, Nets.INPUTS, Nets.CLASSES);
    }

    private static DataSet broken(double value) {
        DataSet data = batch(100);
        data.getFeatures().putScalar(2, 3, value);
        return data;
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void theStepIsLeftOutAndTrainingGoesOn(double value) {
        MultiLayerNetwork network = lora(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.05, 0.9))));
        MultiLayerNetwork undisturbed = lora(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.05, 0.9))));
        for (int i = 0; i < 3; i++) {
            network.fit(batch(i));
            undisturbed.fit(batch(i));
        }
        INDArray parameters = network.params().dup();
        Map<String, INDArray> adapters = AdapterFile.tensors(network);
        List<String> said = CapturedErrors.of(() -> {
            network.fit(broken(value));
            Nets.assertSame(parameters, network.params(), "parameters after the broken batch");
            Map<String, INDArray> after = AdapterFile.tensors(network);
            adapters.forEach((name, tensor) -> Nets.assertSame(tensor, after.get(name), name));
            network.fit(broken(value));
        });
        assertEquals(1, CapturedErrors.containing(said, "not finite").size(), said::toString);
        assertEquals(5, network.getIterationCount(), "the step counts as an iteration");
        for (int i = 3; i < 6; i++) {
            network.fit(batch(i));
            undisturbed.fit(batch(i));
        }
        Nets.assertSame(undisturbed.params(), network.params(), "later steps");
    }

    @Test
    void adamKeepsItsStateToo() {
        ComputationGraph graph = lora(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0.01))));
        graph.fit(batch(1));
        Map<String, INDArray> adapters = AdapterFile.tensors(graph);
        assertTrue(adapters.keySet().stream().anyMatch(name -> name.startsWith("updater/")), adapters::toString);
        INDArray parameters = graph.params().dup();
        graph.fit(broken(Double.NaN));
        Nets.assertSame(parameters, graph.params(), "parameters");
        Map<String, INDArray> after = AdapterFile.tensors(graph);
        adapters.forEach((name, tensor) -> Nets.assertSame(tensor, after.get(name), name));
        graph.fit(batch(2));
        Nets.assertMoved(parameters, graph.params(), "parameters");
    }

    @Test
    void theVeryFirstBatchMayBeBroken() {
        MultiLayerNetwork network = lora(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.05, 0.9))));
        MultiLayerNetwork undisturbed = lora(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.05, 0.9))));
        network.fit(broken(Double.NaN));
        network.fit(batch(1));
        undisturbed.fit(batch(1));
        Nets.assertSame(undisturbed.params(), network.params(), "parameters");
    }

    @Test
    void aProjectorIsNeverFoundFromABrokenGradient() {
        MultiLayerNetwork network = galore(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.05, 0.9))));
        INDArray start = network.params().dup();
        network.fit(broken(Double.NaN));
        Nets.assertSame(start, network.params(), "parameters after a broken first batch");
        network.fit(batch(1));
        network.fit(batch(2));
        network.fit(broken(Double.NaN));
        INDArray parameters = network.params().dup();
        network.fit(batch(3));
        network.fit(batch(4));
        Nets.assertMoved(parameters, network.params(), "parameters");
    }

    @LowRank(rank = 2, init = "lora-ga")
    private static MultiLayerNetwork loraGa(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @Test
    void aStartFromTheGradientWaitsForAGoodOne() {
        MultiLayerNetwork network = loraGa(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.05, 0.9))));
        MultiLayerNetwork undisturbed = loraGa(Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.05, 0.9))));
        network.fit(broken(Double.NaN));
        network.fit(batch(1));
        undisturbed.fit(batch(1));
        Nets.assertSame(undisturbed.params(), network.params(), "parameters");
    }
}
