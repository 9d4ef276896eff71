package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.loss.TrainingLoss;
import org.lowrank4j.loss.ZLoss;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;

/** A loss of the rule replaces that of output layers: in training steps, and nowhere else. */
class TrainingLossTest {

    private static final double RATE = 0.05;
    private static final DataSet BATCH = Data.classes(11, DataType.DOUBLE, 6, Nets.INPUTS, Nets.CLASSES);

    @LowRank(rank = 2, loss = "stablemax", bias = "all")
    private static MultiLayerNetwork headInFull(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            rank = 2,
            loss = "stablemax",
            layers = {"0", "2"},
            train = "none",
            bias = "lora-only")
    private static MultiLayerNetwork headAsTarget(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, loss = "stablemax", layers = "0", train = "none")
    private static MultiLayerNetwork headFrozen(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, loss = "stablemax")
    private static ComputationGraph headInFull(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, loss = "stablemax", layers = "RnnOutputLayer", train = "0", bias = "lora-only")
    private static MultiLayerNetwork recurrentHead(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 1, update = "full", loss = "stablemax", bias = "all")
    private static MultiLayerNetwork everything(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 1, update = "full", loss = "stock", bias = "all")
    private static MultiLayerNetwork everythingWithItsOwnLoss(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 1, update = "full", bias = "all")
    private static MultiLayerNetwork everythingWithoutTheKey(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, loss = "stable-max")
    private static MultiLayerNetwork misspelt(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    /** The formula once more, over the layers below the head as stock DL4J computes them. */
    private static double loss(INDArray z, INDArray labels, double @Nullable [] weights, @Nullable INDArray mask) {
        double sum = 0;
        for (int i = 0; i < z.size(0); i++) {
            double total = 0;
            for (int k = 0; k < z.size(1); k++) {
                total += s(z.getDouble(i, k));
            }
            for (int k = 0; k < z.size(1); k++) {
                double factor = (weights == null ? 1 : weights[k]) * (mask == null ? 1 : mask.getDouble(i));
                sum -= factor * labels.getDouble(i, k) * Math.log(s(z.getDouble(i, k)) / total);
            }
        }
        return sum;
    }

    private static double s(double z) {
        return z < 0 ? 1 / (1 - z) : z + 1;
    }

    private static INDArray logits(INDArray below, Model network, String head) {
        return below.mmul(network.getParam(head + "_W")).addRowVector(network.getParam(head + "_b"));
    }

    private static double lossOf(Model network, DataSet data, double @Nullable [] weights) {
        INDArray below = network instanceof MultiLayerNetwork layers
                ? layers.feedForward(data.getFeatures(), false).get(2)
                : ((ComputationGraph) network)
                        .feedForward(data.getFeatures(), false)
                        .get("second");
        INDArray z = logits(below, network, network instanceof MultiLayerNetwork ? "2" : "out");
        return loss(z, data.getLabels(), weights, data.getLabelsMaskArray())
                / data.getFeatures().size(0);
    }

    private static MultiLayerConfiguration layers(IUpdater updater, ILossFunction loss) {
        return Nets.settings(DataType.DOUBLE, updater)
                .biasInit(0.05)
                .list()
                .layer(Nets.dense(Nets.INPUTS, Nets.HIDDEN))
                .layer(Nets.dense(Nets.HIDDEN, Nets.HIDDEN - 1))
                .layer(new OutputLayer.Builder(loss)
                        .activation(Activation.SOFTMAX)
                        .nIn(Nets.HIDDEN - 1)
                        .nOut(Nets.CLASSES)
                        .build())
                .build();
    }

    private static MultiLayerConfiguration layers(IUpdater updater) {
        return layers(updater, new LossNegativeLogLikelihood());
    }

    private static StepCheck check(
            Function<MultiLayerConfiguration, MultiLayerNetwork> rule,
            ILossFunction own,
            DataSet data,
            double @Nullable [] weights) {
        MultiLayerNetwork adapted = rule.apply(layers(new Sgd(RATE), own));
        adapted.fit(data);
        return new StepCheck(
                adapted,
                () -> adapted.fit(data),
                Nets.initialised(layers(new Sgd(RATE), own)),
                network -> lossOf(network, data, weights),
                RATE);
    }

    @Test
    void gradientsAndScoreOfAHeadInFull() {
        check(TrainingLossTest::headInFull, new LossMCXENT(), BATCH, null)
                .targets("0", "1")
                .trained("0_b", "1_b", "2_W", "2_b")
                .verify();
    }

    @Test
    void gradientsAndScoreOfAHeadAsTarget() {
        check(TrainingLossTest::headAsTarget, new LossNegativeLogLikelihood(), BATCH, null)
                .targets("0", "2")
                .trained("0_b", "2_b")
                .verify();
    }

    @Test
    void gradientsBelowAFrozenHead() {
        check(TrainingLossTest::headFrozen, new LossMCXENT(), BATCH, null)
                .targets("0")
                .verify();
    }

    @Test
    void classWeightsSoftLabelsAndAMask() {
        double[] weights = {0.5, 1, 2.5};
        INDArray smooth = BATCH.getLabels().mul(0.85).addi(0.05);
        INDArray mask = Nd4j.createFromArray(1.0, 1, 0, 1, 0, 1).reshape(6, 1);
        DataSet data = new DataSet(BATCH.getFeatures(), smooth, null, mask);
        LossMCXENT own = new LossMCXENT(Nd4j.createFromArray(weights).reshape(1, 3));
        check(TrainingLossTest::headInFull, own, data, weights)
                .targets("0", "1")
                .trained("0_b", "1_b", "2_W", "2_b")
                .verify();
        check(TrainingLossTest::headAsTarget, own, data, weights)
                .targets("0", "2")
                .trained("0_b", "2_b")
                .verify();
    }

    @Test
    void gradientsAndScoreOfAGraph() {
        ComputationGraph adapted = headInFull(Nets.graph(Nets.settings(DataType.DOUBLE, new Sgd(RATE))));
        adapted.fit(BATCH);
        new StepCheck(
                        adapted,
                        () -> adapted.fit(BATCH),
                        Nets.initialised(Nets.graph(Nets.settings(DataType.DOUBLE, new Sgd(RATE)))),
                        network -> lossOf(network, BATCH, null),
                        RATE)
                .targets("first", "second")
                .trained("out_W", "out_b")
                .verify();
    }

    private static MultiLayerConfiguration recurrent(IUpdater updater, int truncated) {
        var list = Nets.settings(DataType.DOUBLE, updater)
                .list()
                .layer(new LSTM.Builder()
                        .nIn(4)
                        .nOut(5)
                        .activation(Activation.TANH)
                        .build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nIn(5)
                        .nOut(3)
                        .build());
        if (truncated > 0) {
            list.backpropType(BackpropType.TruncatedBPTT).tBPTTLength(truncated);
        }
        return list.build();
    }

    /** Sum over time steps from {@code from} on, over the number of sequences. */
    private static double recurrentLoss(Model network, DataSet data, int from) {
        INDArray below = ((MultiLayerNetwork) network)
                .feedForward(data.getFeatures(), false)
                .get(1);
        double sum = 0;
        for (int t = from; t < below.size(2); t++) {
            INDArray at = below.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.point(t));
            INDArray labels = data.getLabels().get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.point(t));
            INDArray mask = data.getLabelsMaskArray() == null
                    ? null
                    : data.getLabelsMaskArray()
                            .get(NDArrayIndex.all(), NDArrayIndex.point(t))
                            .dup();
            sum += loss(logits(at, network, "1"), labels, null, mask);
        }
        return sum / data.getFeatures().size(0);
    }

    @Test
    void gradientsAndScoreOfARecurrentHeadUnderAMask() {
        DataSet data = Data.sequences(3, DataType.DOUBLE, 4, 4, 3, 5);
        data.setLabelsMaskArray(Data.mask(9, DataType.DOUBLE, 4, 5));
        MultiLayerNetwork adapted = recurrentHead(recurrent(new Sgd(RATE), 0));
        adapted.fit(data);
        new StepCheck(
                        adapted,
                        () -> adapted.fit(data),
                        Nets.initialised(recurrent(new Sgd(RATE), 0)),
                        network -> recurrentLoss(network, data, 0),
                        RATE)
                .targets("1")
                .trained("0_W", "0_RW", "0_b", "1_b")
                .verify();
    }

    @Test
    void truncatedBackpropagationScoresItsLastStretch() {
        DataSet data = Data.sequences(3, DataType.DOUBLE, 4, 4, 3, 6);
        MultiLayerNetwork adapted = recurrentHead(recurrent(new Sgd(0), 3));
        adapted.fit(data);
        assertEquals(recurrentLoss(adapted, data, 3), adapted.score(), 1e-12);
        MultiLayerNetwork learning = recurrentHead(recurrent(new Adam(0.02), 3));
        for (int i = 0; i < 30; i++) {
            learning.fit(data);
        }
        double after = recurrentLoss(learning, data, 0);
        assertTrue(after < 0.8 * recurrentLoss(adapted, data, 0), () -> "the loss is still " + after);
    }

    @Test
    void outsideTrainingTheNetworkIsTheStockNetwork() {
        MultiLayerNetwork adapted = headInFull(layers(new Adam(0.02)));
        for (int i = 0; i < 5; i++) {
            adapted.fit(BATCH);
        }
        MultiLayerNetwork stock = Nets.initialised(layers(new Adam(0.02)));
        stock.params().assign(adapted.params());
        assertNotEquals(stock.score(BATCH), adapted.score(), 1e-3);
        assertEquals(stock.score(BATCH), adapted.score(BATCH), 0);
        Nets.assertSame(stock.output(BATCH.getFeatures()), adapted.output(BATCH.getFeatures()), "output");
        Nets.assertSame(stock.scoreExamples(BATCH, false), adapted.scoreExamples(BATCH, false), "scores");
    }

    @Test
    void stockIsTheSameAsNoKey() {
        MultiLayerNetwork named = everythingWithItsOwnLoss(layers(new Adam(0.02)));
        MultiLayerNetwork unnamed = everythingWithoutTheKey(layers(new Adam(0.02)));
        for (int i = 0; i < 5; i++) {
            named.fit(BATCH);
            unnamed.fit(BATCH);
            assertEquals(unnamed.score(), named.score(), 0);
        }
        Nets.assertSame(unnamed.params(), named.params(), "parameters");
    }

    /** Single precision, the right class 40 ahead: softmax moves nothing any more. */
    @Test
    void learnsOnWhereSoftmaxStandsStill() {
        DataSet data = new DataSet(Nd4j.ones(DataType.FLOAT, 1, 2), Nd4j.createFromArray(new float[][] {{1, 0, 0}}));
        Function<MultiLayerNetwork, INDArray> step = network -> {
            network.params().assign(0);
            network.getParam("0_W").assign(Nd4j.eye(2));
            network.getParam("1_W").putScalar(0, 0, 20).putScalar(1, 0, 20);
            INDArray before = network.params().dup();
            network.fit(data);
            return network.params().sub(before);
        };
        MultiLayerConfiguration saturated = Nets.settings(DataType.FLOAT, new Sgd(0.1))
                .list()
                .layer(Nets.dense(2, 2))
                .layer(Nets.head(2))
                .build();
        ((org.deeplearning4j.nn.conf.layers.DenseLayer) saturated.getConf(0).getLayer())
                .setActivationFn(Activation.IDENTITY.getActivationFunction());
        INDArray bySoftmax = step.apply(everythingWithItsOwnLoss(saturated.clone()));
        INDArray byStableMax = step.apply(everything(saturated.clone()));
        assertEquals(0, bySoftmax.norm1Number().doubleValue(), 1e-15);
        assertTrue(byStableMax.norm1Number().doubleValue() > 1e-3, byStableMax::toString);
    }

    /** Every moment at which a listener may save or look at the model. */
    private static final class Saving extends BaseTrainingListener {
        private final List<byte[]> zips = new ArrayList<>();
        private final List<String> configurations = new ArrayList<>();

        private void save(Model model) {
            zips.add(AdapterFile.zip(model));
            MultiLayerNetwork network = (MultiLayerNetwork) model;
            configurations.add(network.getLayerWiseConfigurations().toJson());
            configurations.add(network.getOutputLayer().conf().toJson());
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            save(model);
        }

        @Override
        public void onGradientCalculation(Model model) {
            save(model);
        }

        @Override
        public void onBackwardPass(Model model) {
            save(model);
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            save(model);
        }
    }

    @Test
    void noFileAndNoConfigurationEverHoldsTheLoss() throws Exception {
        MultiLayerNetwork adapted = headInFull(layers(new Adam(0.02)));
        adapted.fit(BATCH);
        Saving saving = new Saving();
        adapted.setListeners(saving);
        adapted.fit(BATCH);
        assertTrue(saving.zips.size() >= 3, () -> saving.zips.size() + " zips");
        String stock = Nets.initialised(layers(new Adam(0.02)))
                .getLayerWiseConfigurations()
                .toJson();
        for (byte[] zip : saving.zips) {
            Map<String, byte[]> entries = AdapterFile.entries(zip);
            String json = new String(entries.get("configuration.json"), StandardCharsets.UTF_8);
            assertFalse(json.contains("lowrank4j"), json);
            assertEquals(withoutCounters(stock), withoutCounters(json));
            ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
        }
        saving.configurations.forEach(json -> assertFalse(json.contains("lowrank4j"), json));
    }

    private static String withoutCounters(String json) {
        return json.replaceAll("\"(iterationCount|epochCount)\" : \\d+", "");
    }

    @Test
    void resumesBitForBit() throws Exception {
        MultiLayerNetwork uninterrupted = headInFull(layers(new Adam(0.02)));
        for (int i = 0; i < 3; i++) {
            uninterrupted.fit(BATCH);
        }
        byte[] zip = AdapterFile.zip(uninterrupted);
        MultiLayerNetwork resumed = restored(zip);
        MultiLayerNetwork cloned = uninterrupted.clone();
        for (int i = 0; i < 3; i++) {
            uninterrupted.fit(BATCH);
            resumed.fit(BATCH);
            cloned.fit(BATCH);
            assertEquals(uninterrupted.score(), resumed.score(), 0);
            assertEquals(uninterrupted.score(), cloned.score(), 0);
        }
        Nets.assertSame(uninterrupted.params(), resumed.params(), "the resumed network");
        Nets.assertSame(uninterrupted.params(), cloned.params(), "the clone");
    }

    @LowRank(rank = 2, loss = "stablemax", bias = "all")
    private static MultiLayerNetwork restored(byte[] zip) throws Exception {
        return ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
    }

    @Test
    void aNetworkOfWhichNoLossCanBeReplacedIsRefused() {
        MultiLayerNetwork squares = headInFull(Nets.settings(DataType.DOUBLE, new Sgd(RATE))
                .list()
                .layer(Nets.dense(Nets.INPUTS, 5))
                .layer(new OutputLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .nIn(5)
                        .nOut(Nets.CLASSES)
                        .build())
                .build());
        LowRankException refused = assertThrows(LowRankException.class, () -> squares.fit(BATCH));
        for (String part : List.of("loss=stablemax", "annotation on method", "layer1", "LossMSE", "LossMCXENT")) {
            assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
    }

    @Test
    void anUnknownLossIsRefusedWithTheNearestName() {
        MultiLayerNetwork network = misspelt(layers(new Sgd(RATE)));
        LowRankException refused = assertThrows(LowRankException.class, () -> network.fit(BATCH));
        for (String part : List.of("unknown loss 'stable-max'", "Known: stablemax, stock", "Did you mean")) {
            assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
    }

    /** At rate 0, the score of a step is the loss of the network as it is. */
    @Test
    void theOptionsOfALossReachIt() {
        Map<String, String> rule = Map.of("rank", "2", "loss", "z-loss", "z-loss.slope", "2.5", "z-loss.margin", "0.5");
        MultiLayerNetwork network = Rules.during(rule, () -> Nets.initialised(layers(new Sgd(0))));
        network.fit(BATCH);
        TrainingLoss loss = new ZLoss().with(new OptionValues(new ZLoss(), rule));
        INDArray z = logits(network.feedForward(BATCH.getFeatures(), false).get(2), network, "2");
        double expected = loss.score(BATCH.getLabels(), z, new LossMCXENT(), null) / BATCH.numExamples();
        assertEquals(expected, network.score(), 1e-12);
        Map<String, String> wrong = Map.of("rank", "2", "loss", "stablemax", "z-loss.slope", "2.5");
        MultiLayerNetwork other = Rules.during(wrong, () -> Nets.initialised(layers(new Sgd(0))));
        String message =
                assertThrows(LowRankException.class, () -> other.fit(BATCH)).getMessage();
        assertTrue(message.contains("z-loss.slope"), message);
    }

    @Test
    void aNetworkLearnsByTheZLoss() {
        MultiLayerNetwork network =
                Rules.during(Map.of("rank", "2", "loss", "z-loss"), () -> Nets.initialised(layers(new Adam(0.02))));
        network.fit(BATCH);
        double before = network.score();
        for (int i = 0; i < 150; i++) {
            network.fit(BATCH);
        }
        assertTrue(network.score() < 0.7 * before, () -> "the loss fell from " + before + " to " + network.score());
        assertEquals(
                1,
                network.evaluate(new ListDataSetIterator<>(List.of(BATCH), 6)).accuracy());
    }

    /** Two heads, one of them for regression: that one keeps its loss, and the report says so. */
    @Test
    void anotherHeadKeepsItsLoss() {
        ComputationGraph graph = headInFull(Nets.settings(DataType.DOUBLE, new Sgd(0))
                .graphBuilder()
                .addInputs("in")
                .addLayer("second", Nets.dense(Nets.INPUTS, 5), "in")
                .addLayer("out", Nets.head(5), "second")
                .addLayer(
                        "value",
                        new OutputLayer.Builder(LossFunction.MSE)
                                .activation(Activation.IDENTITY)
                                .nIn(5)
                                .nOut(2)
                                .build(),
                        "second")
                .setOutputs("out", "value")
                .build());
        INDArray values = Data.normal(1, DataType.DOUBLE, 6, 2);
        MultiDataSet data =
                new MultiDataSet(new INDArray[] {BATCH.getFeatures()}, new INDArray[] {BATCH.getLabels(), values});
        List<String> said = CapturedErrors.of(() -> graph.fit(data));
        assertEquals(
                1,
                CapturedErrors.containing(said, "'value': its loss is LossMSE").size(),
                said::toString);
        INDArray error = graph.output(BATCH.getFeatures())[1].sub(values);
        double squares = error.mul(error).sumNumber().doubleValue() / 2 / 6;
        assertEquals(lossOf(graph, BATCH, null) + squares, graph.score(), 1e-12);
    }

    /** DL4J's own backward pass runs a frozen head with weight noise, into scratch memory; here noise that drops nothing. */
    @Test
    void aFrozenHeadWithWeightNoiseTrainsWhatIsBelow() {
        MultiLayerConfiguration noisy = layers(new Adam(0.02));
        ((OutputLayer) noisy.getConf(2).getLayer()).setWeightNoise(new DropConnect(1.0));
        MultiLayerNetwork quiet = headFrozen(layers(new Adam(0.02)));
        MultiLayerNetwork adapted = headFrozen(noisy);
        for (int i = 0; i < 3; i++) {
            quiet.fit(BATCH);
            adapted.fit(BATCH);
            assertEquals(quiet.score(), adapted.score(), 1e-12);
        }
        Nets.assertClose(quiet.params(), adapted.params(), 1e-12, "parameters");
        Nets.assertMoved(Nets.initialised(layers(new Adam(0.02))).params(), adapted.params(), "the network");
    }
}
