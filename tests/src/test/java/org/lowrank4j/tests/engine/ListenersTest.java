package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.InvocationType;
import org.deeplearning4j.optimize.listeners.CollectScoresListener;
import org.deeplearning4j.optimize.listeners.EvaluativeListener;
import org.deeplearning4j.optimize.listeners.PerformanceListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.deeplearning4j.optimize.listeners.TimeIterationListener;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** Listeners are called as in stock training, see effective weights, and leave training as it is. */
class ListenersTest {

    private static final int EXAMPLES = 20;
    private static final int BATCH = 8;
    private static final int EPOCHS = 2;
    private static final int STEPS = 6;

    @LowRank(rank = 2)
    private static MultiLayerNetwork lora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2)
    private static ComputationGraph lora(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static DataSet data() {
        return Data.classes(1, DataType.FLOAT, EXAMPLES, Nets.INPUTS, Nets.CLASSES);
    }

    private static ListDataSetIterator<DataSet> iterator() {
        return new ListDataSetIterator<>(data().asList(), BATCH);
    }

    private static MultiLayerConfiguration layers() {
        return Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.01)));
    }

    /** Writes down every call. */
    private static final class Recorder extends BaseTrainingListener {
        private final List<String> calls = new ArrayList<>();
        private final List<INDArray> outputs = new ArrayList<>();

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            calls.add("iteration " + iteration + " of epoch " + epoch);
            if (model instanceof MultiLayerNetwork network) {
                outputs.add(network.output(data().getFeatures()).dup());
            }
        }

        @Override
        public void onEpochStart(Model model) {
            calls.add("epoch start");
        }

        @Override
        public void onEpochEnd(Model model) {
            calls.add("epoch end");
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            calls.add("forward, " + activations.size());
        }

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            calls.add("forward, " + activations.keySet());
        }

        @Override
        public void onGradientCalculation(Model model) {
            calls.add("gradient");
        }

        @Override
        public void onBackwardPass(Model model) {
            calls.add("backward");
        }
    }

    @Test
    void listenersAreCalledAsInStockTraining() {
        Recorder ours = new Recorder();
        Recorder stocks = new Recorder();
        MultiLayerNetwork adapted = lora(layers());
        MultiLayerNetwork stock = Nets.initialised(layers());
        adapted.setListeners(ours);
        stock.setListeners(stocks);
        adapted.fit(iterator(), EPOCHS);
        stock.fit(iterator(), EPOCHS);
        assertFalse(stocks.calls.isEmpty());
        assertEquals(stocks.calls, ours.calls);
        // What the last call predicted is what the network predicts now.
        Nets.assertSame(adapted.output(data().getFeatures()), ours.outputs.get(ours.outputs.size() - 1), "predictions");
        MultiLayerNetwork alone = lora(layers());
        alone.fit(iterator(), EPOCHS);
        Nets.assertSame(alone.params(), adapted.params(), "training without a listener");
    }

    @Test
    void graphListenersAreCalledAsInStockTraining() {
        Recorder ours = new Recorder();
        Recorder stocks = new Recorder();
        ComputationGraph adapted = lora(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0.01))));
        ComputationGraph stock = Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0.01))));
        adapted.setListeners(ours);
        stock.setListeners(stocks);
        adapted.fit(iterator(), EPOCHS);
        stock.fit(iterator(), EPOCHS);
        assertEquals(stocks.calls, ours.calls);
    }

    @Test
    void theUsualListenersWork() {
        CollectScoresListener scores = new CollectScoresListener(1);
        List<Double> evaluations = new ArrayList<>();
        EvaluativeListener evaluation = new EvaluativeListener(iterator(), 1, InvocationType.EPOCH_END);
        evaluation.setCallback((listener, model, count, results) ->
                evaluations.add(((org.nd4j.evaluation.classification.Evaluation) results[0]).accuracy()));
        MultiLayerNetwork network = lora(layers());
        network.setListeners(
                new ScoreIterationListener(1),
                scores,
                new PerformanceListener(1, true),
                new TimeIterationListener(STEPS),
                evaluation);
        network.fit(iterator(), EPOCHS);
        assertEquals(STEPS, scores.getListScore().size());
        assertEquals(network.score(), scores.getListScore().getDouble(STEPS - 1), 0.0);
        assertEquals(EPOCHS, evaluations.size());
        assertEquals(network.evaluate(iterator()).accuracy(), evaluations.get(EPOCHS - 1));
        MultiLayerNetwork alone = lora(layers());
        alone.fit(iterator(), EPOCHS);
        Nets.assertSame(alone.params(), network.params(), "training without listeners");
        assertTrue(Double.isFinite(network.score()));
    }
}
