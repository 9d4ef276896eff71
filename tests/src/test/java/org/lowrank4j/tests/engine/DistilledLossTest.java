package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Maestro's distilled loss in networks: the full network learns the labels, the reduced one what the full one answers. */
class DistilledLossTest {

    private static final double RATE = 0.1;
    private static final int STEPS = 6;

    @LowRank(
            update = "maestro",
            options = {"maestro.loss=distilled", "maestro.lasso=0", "maestro.threshold=0"})
    private static MultiLayerNetwork distilled(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            update = "maestro",
            options = {"maestro.loss=distilled", "maestro.lasso=0", "maestro.threshold=0"})
    private static ComputationGraph distilled(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            update = "maestro",
            layers = "type:RnnOutputLayer",
            train = "type:LSTM",
            options = {"maestro.loss=distilled", "maestro.lasso=0", "maestro.threshold=0"})
    private static MultiLayerNetwork recurrent(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            update = "maestro",
            options = {"maestro.loss=distilled", "maestro.lasso=0.01", "maestro.threshold=0.2", "maestro.shrink=4"})
    private static MultiLayerNetwork shrinking(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            update = "maestro",
            options = {"maestro.loss=distilled", "maestro.lasso=0.01", "maestro.threshold=0.2", "maestro.shrink=4"})
    private static MultiLayerNetwork shrinking(byte[] zip) throws IOException {
        return ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
    }

    @LowRank(
            update = "maestro",
            train = {"type:BatchNormalization", "type:OutputLayer"},
            options = "maestro.loss=distilled")
    private static MultiLayerNetwork distilledWithNorm(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            update = "full",
            train = {"type:BatchNormalization", "type:OutputLayer"})
    private static MultiLayerNetwork fullWithNorm(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(update = "maestro", loss = "stablemax", options = "maestro.loss=distilled")
    private static MultiLayerNetwork withStableMax(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static MultiLayerConfiguration dense() {
        return Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(RATE)));
    }

    private static DataSet batch(int i, DataType type) {
        return Data.classes(i, type, 9, Nets.INPUTS, Nets.CLASSES);
    }

    private static MultiLayerConfiguration overLstm(BackpropType backprop, WorkspaceMode workspaces) {
        return Nets.settings(DataType.DOUBLE, new Sgd(RATE))
                .trainingWorkspaceMode(workspaces)
                .list()
                .layer(new LSTM.Builder().nIn(Nets.INPUTS).nOut(Nets.HIDDEN).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.NEGATIVELOGLIKELIHOOD)
                        .activation(Activation.SOFTMAX)
                        .nIn(Nets.HIDDEN)
                        .nOut(Nets.CLASSES)
                        .build())
                .backpropType(backprop)
                .tBPTTLength(backprop == BackpropType.TruncatedBPTT ? 4 : STEPS)
                .build();
    }

    private static DataSet series(int i) {
        DataSet data = Data.sequences(10 * i, DataType.DOUBLE, 5, Nets.INPUTS, Nets.CLASSES, STEPS);
        data.setFeaturesMaskArray(Data.mask(10 * i + 2, DataType.DOUBLE, 5, STEPS));
        data.setLabelsMaskArray(Data.mask(10 * i + 2, DataType.DOUBLE, 5, STEPS));
        return data;
    }

    @Test
    void aStepIsThatOfTheSumOfBothLosses() {
        MultiLayerNetwork network = distilled(dense());
        stepsAreThoseOfTheSum(network, Nets.initialised(dense()), batch(1, DataType.DOUBLE), List.of("0", "1"));
    }

    @Test
    void aStepOverMaskedSeriesIsThatOfTheSumOfBothLosses() {
        MultiLayerConfiguration configuration = overLstm(BackpropType.Standard, WorkspaceMode.ENABLED);
        stepsAreThoseOfTheSum(recurrent(configuration), Nets.initialised(configuration), series(1), List.of("1"));
    }

    /** Every turn of a round: some pair of a layer and a width must explain the steps of everything that is trained. */
    private static void stepsAreThoseOfTheSum(
            MultiLayerNetwork network, MultiLayerNetwork stock, DataSet data, List<String> targets) {
        network.setLearningRate(0);
        network.fit(data);
        network.setLearningRate(RATE);
        int turns = 0;
        for (String target : targets) {
            turns += (int) AdapterFile.factor(network, "layer" + target, "B").size(0);
        }
        INDArray labels = data.getLabels();
        INDArray labelsBefore = labels.dup();
        for (int turn = 1; turn < turns; turn++) {
            INDArray parameters = network.params().dup();
            Map<String, INDArray> before = trained(network, targets);
            network.fit(data);
            assertTrue(data.getLabels() == labels && labels.equals(labelsBefore), "labels are the user's");
            stock.params().assign(parameters);
            assertEquals(stock.score(data, true), network.score(), 1e-12, "the score is that of the full network");
            Map<String, INDArray> after = trained(network, targets);
            Map<String, INDArray> steps = new LinkedHashMap<>();
            before.forEach(
                    (name, array) -> steps.put(name, array.sub(after.get(name)).divi(RATE)));
            double best = Double.POSITIVE_INFINITY;
            for (String target : targets) {
                for (int width = 1; width <= before.get(target + "/B").size(0); width++) {
                    Map<String, INDArray> sum = sum(stock, parameters, data, targets, before, target, width);
                    best = Math.min(best, error(sum, steps));
                }
            }
            assertTrue(best < 1e-10, "turn " + turn + ": the nearest pair is off by " + best);
        }
    }

    private static double error(Map<String, INDArray> expected, Map<String, INDArray> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        double worst = 0;
        for (Map.Entry<String, INDArray> entry : expected.entrySet()) {
            double size = entry.getValue().normmaxNumber().doubleValue();
            double off = entry.getValue()
                    .sub(actual.get(entry.getKey()))
                    .normmaxNumber()
                    .doubleValue();
            worst = Math.max(worst, off / size);
        }
        return worst;
    }

    /** Copies of the factors of the targets and of what is trained in full. */
    private static Map<String, INDArray> trained(MultiLayerNetwork network, List<String> targets) {
        Map<String, INDArray> trained = new LinkedHashMap<>();
        for (String target : targets) {
            trained.put(target + "/A", AdapterFile.factor(network, "layer" + target, "A"));
            trained.put(target + "/B", AdapterFile.factor(network, "layer" + target, "B"));
        }
        String inFull = targets.size() == 2 ? "2_" : "0_";
        network.paramTable().forEach((name, array) -> {
            if (name.startsWith(inFull)) {
                trained.put(name, array.dup());
            }
        });
        return trained;
    }

    /** The gradient of CE(p, y) + CE(q, p) by two gradients of a stock network. */
    private static Map<String, INDArray> sum(
            MultiLayerNetwork stock,
            INDArray parameters,
            DataSet data,
            List<String> targets,
            Map<String, INDArray> factors,
            String reduced,
            int width) {
        stock.params().assign(parameters);
        Gradient ofLabels = gradient(stock, data, data.getLabels());
        INDArray answers =
                stock.output(data.getFeatures(), false, data.getFeaturesMaskArray(), data.getLabelsMaskArray());
        INDArray a = factors.get(reduced + "/A").get(NDArrayIndex.all(), NDArrayIndex.interval(0, width));
        INDArray b = factors.get(reduced + "/B").get(NDArrayIndex.interval(0, width), NDArrayIndex.all());
        stock.getParam(reduced + "_W").assign(a.mmul(b));
        Gradient ofAnswers = gradient(stock, data, answers);
        Map<String, INDArray> sum = new LinkedHashMap<>();
        for (String target : targets) {
            INDArray fullA = factors.get(target + "/A");
            INDArray fullB = factors.get(target + "/B");
            INDArray g = ofLabels.getGradientFor(target + "_W");
            INDArray h = ofAnswers.getGradientFor(target + "_W");
            INDArray dA = g.mmul(fullB.transpose());
            INDArray dB = fullA.transpose().mmul(g);
            INDArray moreA = h.mmul(fullB.transpose());
            INDArray moreB = fullA.transpose().mmul(h);
            if (target.equals(reduced) && width < fullB.size(0)) {
                moreA.get(NDArrayIndex.all(), NDArrayIndex.interval(width, fullB.size(0)))
                        .assign(0);
                moreB.get(NDArrayIndex.interval(width, fullB.size(0)), NDArrayIndex.all())
                        .assign(0);
            }
            sum.put(target + "/A", dA.add(moreA).divi(data.numExamples()));
            sum.put(target + "/B", dB.add(moreB).divi(data.numExamples()));
        }
        for (String name : factors.keySet()) {
            if (!name.contains("/")) {
                sum.put(
                        name,
                        ofLabels.getGradientFor(name)
                                .add(ofAnswers.getGradientFor(name))
                                .divi(data.numExamples()));
            }
        }
        return sum;
    }

    private static Gradient gradient(MultiLayerNetwork stock, DataSet data, INDArray labels) {
        Gradient gradient = stock.calculateGradients(
                        data.getFeatures(), labels, data.getFeaturesMaskArray(), data.getLabelsMaskArray())
                .getFirst();
        gradient.gradientForVariable().replaceAll((name, array) -> array.dup());
        return gradient;
    }

    /** Layers take turns alike, so that a graph of the same layers makes the same steps. */
    @Test
    void aGraphTrainsAsItsLayersDo() {
        MultiLayerNetwork layers = distilled(dense());
        ComputationGraph graph = distilled(Nets.graph(Nets.settings(DataType.DOUBLE, new Sgd(RATE))));
        graph.params().assign(layers.params());
        for (int i = 0; i < 15; i++) {
            layers.fit(batch(i, DataType.DOUBLE));
            graph.fit(batch(i, DataType.DOUBLE));
        }
        Nets.assertClose(layers.params(), graph.params(), 1e-10, "the graph");
    }

    @Test
    void workspacesAndTruncatedSeriesMakeNoDifference() {
        MultiLayerNetwork with = recurrent(overLstm(BackpropType.TruncatedBPTT, WorkspaceMode.ENABLED));
        MultiLayerNetwork without = recurrent(overLstm(BackpropType.TruncatedBPTT, WorkspaceMode.NONE));
        INDArray before = with.params().dup();
        for (int i = 0; i < 3; i++) {
            with.fit(series(i));
            without.fit(series(i));
        }
        Nets.assertClose(without.params(), with.params(), 1e-10, "the network");
        Nets.assertMoved(before, with.params(), "parameters");
    }

    /** A whole round of widths: the full network's loss is said every time, and no bit moves. */
    @Test
    void atRateZeroTheScoreStaysThatOfTheFullNetwork() {
        MultiLayerNetwork network = distilled(dense());
        List<Double> scores = new ArrayList<>();
        network.addListeners(new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                scores.add(model.score());
            }
        });
        network.setLearningRate(0);
        network.fit(batch(1, DataType.DOUBLE));
        INDArray before = network.params().dup();
        for (int i = 0; i < 13; i++) {
            network.fit(batch(1, DataType.DOUBLE));
        }
        Nets.assertSame(before, network.params(), "parameters");
        assertEquals(1, scores.stream().distinct().count(), scores::toString);
    }

    @Test
    void itGoesOnFromItsFileBitForBit() throws IOException {
        MultiLayerNetwork network = shrinking(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.02))));
        for (int i = 0; i < 6; i++) {
            network.fit(batch(i, DataType.FLOAT));
        }
        MultiLayerNetwork loaded = shrinking(AdapterFile.zip(network));
        AdapterFile.assertGoOn(network, loaded, 6, 8, i -> batch(i, DataType.FLOAT));
    }

    @Test
    void itLearns() {
        MultiLayerNetwork network = distilled(Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.02))));
        DataSet data = batch(1, DataType.FLOAT);
        double before = network.score(data, false);
        for (int i = 0; i < 200; i++) {
            network.fit(data);
        }
        double after = network.score(data, false);
        assertTrue(after < before / 4, "the loss fell from " + before + " to " + after + " only");
    }

    /** Running statistics and random numbers are those of the one pass that a stock step makes. */
    @Test
    void statisticsAndRandomNumbersAreThoseOfOnePass() {
        MultiLayerConfiguration configuration = Nets.settings(DataType.DOUBLE, new Sgd(RATE))
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(Nets.INPUTS)
                        .nOut(Nets.HIDDEN)
                        .activation(Activation.TANH)
                        .dropOut(0.7)
                        .build())
                .layer(new BatchNormalization.Builder().nOut(Nets.HIDDEN).build())
                .layer(Nets.dense(Nets.HIDDEN, Nets.HIDDEN - 1))
                .layer(Nets.head(Nets.HIDDEN - 1))
                .build();
        Nd4j.getRandom().setSeed(3);
        MultiLayerNetwork full = fullWithNorm(configuration);
        full.fit(batch(1, DataType.DOUBLE));
        double drawn = Nd4j.getRandom().nextDouble();
        Nd4j.getRandom().setSeed(3);
        MultiLayerNetwork network = distilledWithNorm(configuration);
        network.fit(batch(1, DataType.DOUBLE));
        assertEquals(drawn, Nd4j.getRandom().nextDouble(), "the next random number");
        for (String statistic : List.of("1_mean", "1_log10stdev")) {
            Nets.assertClose(full.getParam(statistic), network.getParam(statistic), 1e-10, statistic);
        }
        assertEquals(full.score(), network.score(), 1e-10, "score");
    }

    @Test
    void aBrokenBatchLeavesTheWholeWeight() {
        MultiLayerNetwork network = distilled(dense());
        network.fit(batch(1, DataType.DOUBLE));
        INDArray before = network.params().dup();
        DataSet broken = batch(2, DataType.DOUBLE);
        broken.getFeatures().putScalar(2, 3, Double.NaN);
        DataSet misfit = new DataSet(
                batch(0, DataType.DOUBLE).getFeatures(), Data.oneHot(3, DataType.DOUBLE, 9, Nets.CLASSES + 2));
        for (int i = 0; i < 3; i++) {
            network.fit(broken);
            Nets.assertSame(before, network.params(), "parameters after a batch that is no number");
            assertThrows(RuntimeException.class, () -> network.fit(misfit));
            Nets.assertSame(before, network.params(), "parameters after a step that threw");
        }
        network.fit(batch(3, DataType.DOUBLE));
        Nets.assertMoved(before, network.params(), "parameters");
    }

    @Test
    void networksWhoseAnswersAreNoProbabilitiesAreRefused() {
        refused(new OutputLayer.Builder(LossFunction.MSE).activation(Activation.IDENTITY), "the activation identity");
        refused(new OutputLayer.Builder(LossFunction.MSE).activation(Activation.SOFTMAX), "the loss LossMSE()");
    }

    @Test
    void anotherLossIsRefused() {
        refused(withStableMax(dense()), "loss=stablemax");
    }

    private static void refused(OutputLayer.Builder head, String because) {
        MultiLayerNetwork network = distilled(Nets.settings(DataType.DOUBLE, new Sgd(RATE))
                .list()
                .layer(Nets.dense(Nets.INPUTS, Nets.HIDDEN))
                .layer(head.nIn(Nets.HIDDEN).nOut(Nets.CLASSES).build())
                .build());
        refused(network, because);
    }

    private static void refused(MultiLayerNetwork network, String because) {
        INDArray before = network.params().dup();
        String message = assertThrows(RuntimeException.class, () -> network.fit(batch(1, DataType.DOUBLE)))
                .getMessage();
        assertTrue(message.contains(because), message);
        assertTrue(message.contains("layer0") && message.contains("maestro.loss=partial"), message);
        Nets.assertSame(before, network.params(), "parameters");
    }
}
