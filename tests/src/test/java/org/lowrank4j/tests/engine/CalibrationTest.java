package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.AsyncDataSetIterator;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Starts that learn from several minibatches are shown the right thing, and training notices nothing of it. */
class CalibrationTest {

    private static final int BATCHES = 5;
    private static final int EXAMPLES = 7;
    private static final int STEPS = 6;

    @BeforeEach
    void forget() {
        Probe.SEEN.clear();
    }

    /** A program whose networks follow one rule. */
    private interface Rule {
        Model during(Supplier<Model> program);
    }

    @LowRank(
            rank = 2,
            init = "probe-weight",
            train = {"type:BatchNormalization", "type:OutputLayer"})
    private static Model denseFromWeight(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(
            rank = 2,
            init = "probe-gradient",
            train = {"type:BatchNormalization", "type:OutputLayer"})
    private static Model denseFromGradient(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(
            rank = 2,
            init = "probe-inputs",
            train = {"type:BatchNormalization", "type:OutputLayer"})
    private static Model denseFromInputs(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(rank = 2, init = "probe-weight", layers = "type:RnnOutputLayer", train = "type:LSTM")
    private static Model recurrentFromWeight(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(rank = 2, init = "probe-gradient", layers = "type:RnnOutputLayer", train = "type:LSTM")
    private static Model recurrentFromGradient(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(rank = 2, init = "probe-inputs", layers = "type:RnnOutputLayer", train = "type:LSTM")
    private static Model recurrentFromInputs(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(rank = 2, init = "probe-gradient", options = "probe-gradient.batches=1")
    private static Model fromOneBatch(Supplier<Model> program) {
        return program.get();
    }

    private static NeuralNetConfiguration.Builder settings(DataType type) {
        return Nets.settings(type, new Adam(0.01));
    }

    /** Dropout draws random numbers, batch normalisation has running statistics. */
    private static Model stack(WorkspaceMode workspaces) {
        return Nets.initialised(settings(DataType.FLOAT)
                .trainingWorkspaceMode(workspaces)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(Nets.INPUTS)
                        .nOut(Nets.HIDDEN)
                        .activation(Activation.TANH)
                        .dropOut(0.7)
                        .build())
                .layer(new BatchNormalization.Builder().nOut(Nets.HIDDEN).build())
                .layer(new DenseLayer.Builder()
                        .nIn(Nets.HIDDEN)
                        .nOut(Nets.HIDDEN - 1)
                        .activation(Activation.TANH)
                        .dropOut(0.8)
                        .build())
                .layer(Nets.head(Nets.HIDDEN - 1))
                .build());
    }

    private static Model graph() {
        return Nets.initialised(settings(DataType.FLOAT)
                .graphBuilder()
                .addInputs("in")
                .addLayer("first", Nets.dense(Nets.INPUTS, Nets.HIDDEN), "in")
                .addLayer(
                        "norm",
                        new BatchNormalization.Builder().nOut(Nets.HIDDEN).build(),
                        "first")
                .addLayer(
                        "second",
                        new DenseLayer.Builder()
                                .nIn(Nets.HIDDEN)
                                .nOut(Nets.HIDDEN - 1)
                                .dropOut(0.8)
                                .build(),
                        "norm")
                .addLayer("out", Nets.head(Nets.HIDDEN - 1), "second")
                .setOutputs("out")
                .build());
    }

    private static Model recurrent(BackpropType backprop) {
        return Nets.initialised(settings(DataType.FLOAT)
                .list()
                .layer(new LSTM.Builder().nIn(Nets.INPUTS).nOut(Nets.HIDDEN).build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nIn(Nets.HIDDEN)
                        .nOut(Nets.CLASSES)
                        .build())
                .backpropType(backprop)
                .tBPTTLength(backprop == BackpropType.TruncatedBPTT ? 4 : STEPS)
                .build());
    }

    private static List<DataSet> rows() {
        return IntStream.range(0, BATCHES)
                .mapToObj(i -> Data.classes(10 * i, DataType.FLOAT, EXAMPLES, Nets.INPUTS, Nets.CLASSES))
                .toList();
    }

    private static List<DataSet> series(boolean masked) {
        return Data.series(BATCHES, EXAMPLES, Nets.INPUTS, Nets.CLASSES, STEPS, masked);
    }

    static Stream<Arguments> programs() {
        Rule denseWeight = CalibrationTest::denseFromWeight;
        Rule denseGradient = CalibrationTest::denseFromGradient;
        Rule denseInputs = CalibrationTest::denseFromInputs;
        Rule recurrentWeight = CalibrationTest::recurrentFromWeight;
        Rule recurrentGradient = CalibrationTest::recurrentFromGradient;
        Rule recurrentInputs = CalibrationTest::recurrentFromInputs;
        Supplier<Model> stack = () -> stack(WorkspaceMode.ENABLED);
        Supplier<Model> withoutWorkspaces = () -> stack(WorkspaceMode.NONE);
        Supplier<Model> graph = CalibrationTest::graph;
        Supplier<Model> recurrent = () -> recurrent(BackpropType.Standard);
        Supplier<Model> truncated = () -> recurrent(BackpropType.TruncatedBPTT);
        return Stream.of(
                Arguments.of("gradient, dropout and batch norm", stack, rows(), denseWeight, denseGradient),
                Arguments.of("inputs, dropout and batch norm", stack, rows(), denseWeight, denseInputs),
                Arguments.of("gradient, no workspaces", withoutWorkspaces, rows(), denseWeight, denseGradient),
                Arguments.of("inputs, no workspaces", withoutWorkspaces, rows(), denseWeight, denseInputs),
                Arguments.of("gradient, graph", graph, rows(), denseWeight, denseGradient),
                Arguments.of("inputs, graph", graph, rows(), denseWeight, denseInputs),
                Arguments.of("gradient, masks", recurrent, series(true), recurrentWeight, recurrentGradient),
                Arguments.of("inputs, masks", recurrent, series(true), recurrentWeight, recurrentInputs),
                Arguments.of("gradient, truncated", truncated, series(false), recurrentWeight, recurrentGradient),
                Arguments.of("gradient, truncated, masks", truncated, series(true), recurrentWeight, recurrentGradient),
                Arguments.of("inputs, truncated, masks", truncated, series(true), recurrentWeight, recurrentInputs));
    }

    private static void fit(Model network, DataSetIterator batches) {
        if (network instanceof MultiLayerNetwork layers) {
            layers.fit(batches);
        } else {
            ((ComputationGraph) network).fit(batches);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void trainingGoesOnAsIfNothingHadHappened(
            String name, Supplier<Model> program, List<DataSet> data, Rule plain, Rule calibrated) {
        Nd4j.getRandom().setSeed(17);
        Model expected = plain.during(program);
        CountedBatches read = new CountedBatches(data, true);
        fit(expected, read);
        assertTrue(Probe.SEEN.isEmpty());
        double drawn = Nd4j.getRandom().nextDouble();

        Nd4j.getRandom().setSeed(17);
        Model actual = calibrated.during(program);
        Passes passes = new Passes();
        actual.addListeners(passes);
        CountedBatches readAhead = new CountedBatches(data, true);
        fit(actual, readAhead);
        assertTrue(!Probe.SEEN.isEmpty(), "the start has seen something");
        assertEquals(drawn, Nd4j.getRandom().nextDouble(), "the next random number");
        Nets.assertSame(expected.params(), actual.params(), "parameters after an epoch");
        assertEquals(read.taken, readAhead.taken, "minibatches");
        assertEquals(0, readAhead.resets);
        assertEquals(passes.steps.get(), passes.forward.get(), "forward passes that a listener sees");
        Map<String, INDArray> saved = AdapterFile.tensors(expected);
        Map<String, INDArray> tensors = AdapterFile.tensors(actual);
        saved.forEach((tensor, value) -> Nets.assertSame(value, tensors.get(tensor), tensor));

        read.reset();
        readAhead.reset();
        Nd4j.getRandom().setSeed(18);
        fit(expected, read);
        Nd4j.getRandom().setSeed(18);
        fit(actual, readAhead);
        Nets.assertSame(expected.params(), actual.params(), "parameters after two epochs");
    }

    /** Both train on the same minibatches, and their starts learn from the same. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void anIteratorMayFillItsArraysAgain(
            String name, Supplier<Model> program, List<DataSet> data, Rule plain, Rule calibrated) {
        Nd4j.getRandom().setSeed(17);
        Model expected = calibrated.during(program);
        fit(expected, new CountedBatches(data, true));
        Map<String, List<INDArray>> seen = new HashMap<>(Probe.SEEN);
        Probe.SEEN.clear();

        Nd4j.getRandom().setSeed(17);
        Model actual = calibrated.during(program);
        fit(actual, new RefilledBatches(data));
        Nets.assertSame(expected.params(), actual.params(), "parameters");
        assertEquals(seen, Probe.SEEN, "what the starts were shown");
    }

    private static final class Passes extends BaseTrainingListener {
        final AtomicInteger forward = new AtomicInteger();
        final AtomicInteger steps = new AtomicInteger();

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            forward.incrementAndGet();
        }

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            forward.incrementAndGet();
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            steps.incrementAndGet();
        }
    }

    private static List<DataSet> doubles() {
        return IntStream.range(0, BATCHES)
                .mapToObj(i -> Data.classes(10 * i, DataType.DOUBLE, EXAMPLES + i, Nets.INPUTS, Nets.CLASSES))
                .toList();
    }

    private static MultiLayerNetwork plainStack() {
        return Nets.initialised(Nets.layers(settings(DataType.DOUBLE)));
    }

    @LowRank(rank = 2, init = "probe-gradient")
    private static MultiLayerNetwork gradientOfThree() {
        return plainStack();
    }

    @LowRank(rank = 2, init = "probe-inputs")
    private static MultiLayerNetwork inputsOfThree() {
        return plainStack();
    }

    @Test
    void theGradientIsTheMeanOverTheRowsOfTheFirstBatches() {
        List<DataSet> data = doubles();
        MultiLayerNetwork stock = plainStack();
        gradientOfThree().fit(new CountedBatches(data, true));
        for (String layer : List.of("0", "1")) {
            INDArray sum =
                    Nd4j.zeros(DataType.DOUBLE, stock.getParam(layer + "_W").shape());
            int rows = 0;
            for (DataSet batch : data.subList(0, 3)) {
                sum.addi(stock.calculateGradients(batch.getFeatures(), batch.getLabels(), null, null)
                        .getFirst()
                        .getGradientFor(layer + "_W"));
                rows += batch.numExamples();
            }
            Nets.assertClose(sum.div(rows), Probe.SEEN.get("layer" + layer).get(0), 1e-12, "dL/dW of layer " + layer);
        }
    }

    @Test
    void theInputsAreThoseOfInference() {
        List<DataSet> data = doubles();
        MultiLayerNetwork stock = plainStack();
        inputsOfThree().fit(new CountedBatches(data, true));
        assertEquals(3, Probe.SEEN.get("layer0").size());
        for (int i = 0; i < 3; i++) {
            List<INDArray> activations = stock.feedForward(data.get(i).getFeatures());
            Nets.assertClose(activations.get(0), Probe.SEEN.get("layer0").get(i), 1e-14, "inputs of layer0");
            Nets.assertClose(activations.get(1), Probe.SEEN.get("layer1").get(i), 1e-14, "inputs of layer1");
        }
    }

    @Test
    void maskedStepsAreNoInputs() {
        List<DataSet> data = series(true);
        MultiLayerNetwork network = (MultiLayerNetwork) recurrentFromInputs(() -> recurrent(BackpropType.Standard));
        MultiLayerNetwork stock = (MultiLayerNetwork) recurrent(BackpropType.Standard);
        fit(network, new CountedBatches(data, true));
        DataSet first = data.get(0);
        stock.setLayerMaskArrays(first.getFeaturesMaskArray(), first.getLabelsMaskArray());
        INDArray hidden = stock.feedForward(first.getFeatures()).get(1);
        INDArray seen = Probe.SEEN.get("layer1").get(0);
        assertEquals(first.getLabelsMaskArray().sumNumber().intValue(), seen.size(0));
        int row = 0;
        for (int t = 0; t < STEPS; t++) {
            for (int i = 0; i < EXAMPLES; i++) {
                if (first.getLabelsMaskArray().getDouble(i, t) != 0) {
                    INDArray expected = hidden.get(NDArrayIndex.point(i), NDArrayIndex.all(), NDArrayIndex.point(t));
                    Nets.assertClose(
                            expected.reshape(1, Nets.HIDDEN),
                            seen.getRow(row).reshape(1, Nets.HIDDEN),
                            1e-6,
                            "row " + row);
                    row++;
                }
            }
        }
    }

    @Test
    void anIteratorThatCannotBeResetLosesNothing() {
        CountedBatches batches = new CountedBatches(doubles(), false);
        MultiLayerNetwork network = gradientOfThree();
        network.fit(batches);
        assertEquals(IntStream.range(0, BATCHES).boxed().toList(), batches.taken);
        assertEquals(BATCHES, network.getIterationCount());
    }

    @Test
    void anIteratorAtItsEndIsResetAsFitDoes() {
        CountedBatches batches = new CountedBatches(doubles(), true);
        while (batches.hasNext()) {
            batches.next();
        }
        MultiLayerNetwork network = gradientOfThree();
        network.fit(batches);
        assertEquals(BATCHES, network.getIterationCount());
        assertEquals(1, batches.resets);
    }

    @Test
    void fewerBatchesThanWantedAreEnough() {
        MultiLayerNetwork network = inputsOfThree();
        network.fit(new CountedBatches(doubles().subList(0, 2), true));
        assertEquals(2, Probe.SEEN.get("layer0").size());
        assertEquals(2, network.getIterationCount());
    }

    @Test
    void anAsynchronousIteratorUsesItsMemoryAgain() {
        List<DataSet> data = doubles();
        MultiLayerNetwork expected = gradientOfThree();
        expected.fit(new CountedBatches(data, true));
        MultiLayerNetwork actual = gradientOfThree();
        AsyncDataSetIterator asynchronous = new AsyncDataSetIterator(new CountedBatches(data, true), 2, true);
        actual.fit(asynchronous);
        asynchronous.shutdown();
        Nets.assertSame(expected.params(), actual.params(), "parameters");
    }

    @Test
    void aGraphReadsMultiDataSets() {
        Model expected = denseFromGradient(CalibrationTest::graph);
        ((ComputationGraph) expected).fit(new CountedBatches(rows(), true));
        Model actual = denseFromGradient(CalibrationTest::graph);
        ((ComputationGraph) actual).fit(new MultiDataSetIteratorAdapter(new CountedBatches(rows(), true)));
        Nets.assertSame(expected.params(), actual.params(), "parameters");
    }

    @Test
    void severalBatchesWithoutAnIteratorAreRefused() {
        MultiLayerNetwork network = gradientOfThree();
        INDArray before = network.params().dup();
        DataSet batch = doubles().get(0);
        String message =
                assertThrows(RuntimeException.class, () -> network.fit(batch)).getMessage();
        assertTrue(message.contains("init 'probe-gradient' of layer 'layer0'"), message);
        assertTrue(message.contains("learns from 3 minibatches"), message);
        assertTrue(message.contains("fit(DataSetIterator), or set probe-gradient.batches=1"), message);
        Nets.assertSame(before, network.params(), "parameters");
    }

    @Test
    void whatAFailedFitReadAheadIsNotUsedLater() {
        MultiLayerNetwork network = gradientOfThree();
        network.setListeners(new BaseTrainingListener() {
            @Override
            public void onEpochStart(Model model) {
                throw new IllegalStateException("before the first step");
            }
        });
        assertThrows(IllegalStateException.class, () -> network.fit(new CountedBatches(doubles(), true)));
        network.setListeners();
        DataSet batch = doubles().get(0);
        String message =
                assertThrows(RuntimeException.class, () -> network.fit(batch)).getMessage();
        assertTrue(message.contains("no iterator is in sight"), message);
        assertTrue(Probe.SEEN.isEmpty(), "nothing was calibrated");
    }

    @Test
    void oneBatchNeedsNoIterator() {
        MultiLayerNetwork network = (MultiLayerNetwork) fromOneBatch(CalibrationTest::plainStack);
        DataSet batch = doubles().get(0);
        network.fit(batch);
        INDArray stock = plainStack()
                .calculateGradients(batch.getFeatures(), batch.getLabels(), null, null)
                .getFirst()
                .getGradientFor("0_W");
        Nets.assertClose(stock.div(EXAMPLES), Probe.SEEN.get("layer0").get(0), 1e-12, "dL/dW");
    }

    @Test
    void aBrokenBatchIsLeftOut() {
        List<DataSet> data = doubles();
        INDArray features = data.get(1).getFeatures().dup().putScalar(3, 2, Double.NaN);
        DataSet broken = new DataSet(features, data.get(1).getLabels());
        gradientOfThree().fit(new CountedBatches(List.of(data.get(0), broken, data.get(2)), true));
        INDArray withoutIt = Probe.SEEN.get("layer0").get(0);
        Probe.SEEN.clear();
        gradientOfThree().fit(new CountedBatches(List.of(data.get(0), data.get(2)), true));
        Nets.assertSame(Probe.SEEN.get("layer0").get(0), withoutIt, "dL/dW");
    }
}
