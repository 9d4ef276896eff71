package org.lowrank4j.tests.engine;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.profiler.ProfilerConfig;

/**
 * Workspaces are only a place for arrays: with and without them a network becomes the same, and with ND4J watching for
 * arrays that outlive their workspace no step uses one. Inputs of any order, size and origin are welcome.
 */
class WorkspaceTest {

    private static final double TOLERANCE = 1e-6;

    @LowRank(rank = 2, bias = "all")
    private static MultiLayerNetwork lora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, init = "lora-ga")
    private static MultiLayerNetwork loraGa(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, gradient = "galore", options = "galore.refresh=2")
    private static MultiLayerNetwork galore(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, layers = "DenseLayer", train = "RnnOutputLayer")
    private static MultiLayerNetwork denseOverFrozenLstm(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            rank = 2,
            layers = {"DenseLayer", "RnnOutputLayer"},
            train = "LSTM")
    private static MultiLayerNetwork allButTheLstm(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2)
    private static ComputationGraph lora(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @BeforeEach
    void watchWorkspaces() {
        Nd4j.getExecutioner()
                .setProfilingConfig(
                        ProfilerConfig.builder().checkWorkspaces(true).build());
    }

    @AfterEach
    void stopWatching() {
        Nd4j.getExecutioner()
                .setProfilingConfig(
                        ProfilerConfig.builder().checkWorkspaces(false).build());
    }

    private static NeuralNetConfiguration.Builder settings(WorkspaceMode mode) {
        return Nets.settings(DataType.DOUBLE, new Adam(0.01))
                .trainingWorkspaceMode(mode)
                .inferenceWorkspaceMode(mode);
    }

    private static MultiLayerConfiguration recurrent(WorkspaceMode mode, boolean truncated) {
        NeuralNetConfiguration.ListBuilder list = settings(mode)
                .list()
                .layer(new LSTM.Builder().nOut(5).activation(Activation.TANH).build())
                .layer(new DenseLayer.Builder()
                        .nOut(6)
                        .activation(Activation.SIGMOID)
                        .build())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(Nets.CLASSES)
                        .build())
                .setInputType(InputType.recurrent(Nets.INPUTS));
        if (truncated) {
            list.backpropType(BackpropType.TruncatedBPTT).tBPTTLength(3);
        }
        return list.build();
    }

    private static DataSet sequence(int seed, boolean masked) {
        DataSet data = Data.sequences(seed, DataType.DOUBLE, 4, Nets.INPUTS, Nets.CLASSES, 7);
        if (masked) {
            data.setFeaturesMaskArray(Data.mask(seed + 1, DataType.DOUBLE, 4, 7));
            data.setLabelsMaskArray(Data.mask(seed + 2, DataType.DOUBLE, 4, 7));
        }
        return data;
    }

    private interface Job {
        MultiLayerNetwork train(WorkspaceMode mode);
    }

    private record Case(String name, Job job) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static DataSet batch(int seed, int examples) {
        return Data.classes(seed, DataType.DOUBLE, examples, Nets.INPUTS, Nets.CLASSES);
    }

    private static MultiLayerNetwork train(MultiLayerNetwork network, Consumer<MultiLayerNetwork> steps) {
        steps.accept(network);
        return network;
    }

    private static void sizes(MultiLayerNetwork network) {
        int[] sizes = {1, 7, 3, 13, 1, 8};
        for (int i = 0; i < sizes.length; i++) {
            network.fit(batch(i, sizes[i]));
        }
    }

    private static Consumer<MultiLayerNetwork> sequences(boolean masked) {
        return network -> {
            for (int i = 0; i < 3; i++) {
                network.fit(sequence(i, masked));
            }
        };
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(
                        "dense, batches of 1 to 13",
                        mode -> train(lora(Nets.layers(settings(mode))), WorkspaceTest::sizes)),
                new Case("lora-ga", mode -> train(loraGa(Nets.layers(settings(mode))), WorkspaceTest::sizes)),
                new Case("galore", mode -> train(galore(Nets.layers(settings(mode))), WorkspaceTest::sizes)),
                new Case(
                        "dropout",
                        mode -> train(lora(Nets.layers(settings(mode).dropOut(0.8))), network -> {
                            Nd4j.getRandom().setSeed(3);
                            sizes(network);
                        })),
                new Case(
                        "dense over a frozen LSTM",
                        mode -> train(denseOverFrozenLstm(recurrent(mode, false)), sequences(false))),
                new Case("masks", mode -> train(allButTheLstm(recurrent(mode, false)), sequences(true))),
                new Case(
                        "truncated backpropagation",
                        mode -> train(allButTheLstm(recurrent(mode, true)), sequences(false))),
                new Case(
                        "truncated backpropagation with masks, frozen LSTM",
                        mode -> train(denseOverFrozenLstm(recurrent(mode, true)), sequences(true))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void sameWithAndWithoutWorkspaces(Case one) {
        MultiLayerNetwork with = one.job().train(WorkspaceMode.ENABLED);
        MultiLayerNetwork without = one.job().train(WorkspaceMode.NONE);
        Nets.assertClose(without.params(), with.params(), TOLERANCE, one.name());
    }

    /** An iterator brings its own thread and workspace for the batches. */
    @ParameterizedTest
    @EnumSource(
            value = WorkspaceMode.class,
            names = {"ENABLED", "NONE"})
    void anIteratorTrainsLikeSingleBatches(WorkspaceMode mode) {
        List<DataSet> examples = batch(1, 21).asList();
        MultiLayerNetwork byIterator = lora(Nets.layers(settings(mode)));
        byIterator.fit(new org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator<>(examples, 8), 2);
        MultiLayerNetwork byBatches = lora(Nets.layers(settings(mode)));
        for (int epoch = 0; epoch < 2; epoch++) {
            for (int from = 0; from < 21; from += 8) {
                byBatches.fit(DataSet.merge(examples.subList(from, Math.min(21, from + 8))));
            }
        }
        Nets.assertClose(byBatches.params(), byIterator.params(), TOLERANCE, "the network");
    }

    @ParameterizedTest
    @EnumSource(
            value = WorkspaceMode.class,
            names = {"ENABLED", "NONE"})
    void graphsAreTheSameWithAndWithoutWorkspaces(WorkspaceMode mode) {
        ComputationGraph graph = lora(Nets.graph(settings(mode)));
        MultiLayerNetwork layers = lora(Nets.layers(settings(mode)));
        graph.params().assign(layers.params());
        for (int i = 0; i < 4; i++) {
            DataSet data = batch(i, 1 + 4 * i);
            graph.fit(new MultiDataSet(data.getFeatures(), data.getLabels()));
        }
        ComputationGraph other = lora(Nets.graph(settings(WorkspaceMode.NONE)));
        other.params().assign(layers.params());
        for (int i = 0; i < 4; i++) {
            other.fit(batch(i, 1 + 4 * i));
        }
        Nets.assertClose(other.params(), graph.params(), TOLERANCE, "the graph");
    }

    static Stream<String> origins() {
        return Stream.of("column-major", "view of columns", "view of rows", "every second row", "transposed");
    }

    private static INDArray as(String origin, INDArray x) {
        long rows = x.size(0);
        long columns = x.size(1);
        return switch (origin) {
            case "column-major" -> x.dup('f');
            case "view of columns" -> {
                INDArray wide = Nd4j.create(x.dataType(), rows, columns + 5);
                wide.get(NDArrayIndex.all(), NDArrayIndex.interval(2, 2 + columns))
                        .assign(x);
                yield wide.get(NDArrayIndex.all(), NDArrayIndex.interval(2, 2 + columns));
            }
            case "view of rows" -> {
                INDArray tall = Nd4j.create(x.dataType(), rows + 4, columns);
                tall.get(NDArrayIndex.interval(3, 3 + rows), NDArrayIndex.all()).assign(x);
                yield tall.get(NDArrayIndex.interval(3, 3 + rows), NDArrayIndex.all());
            }
            case "every second row" -> {
                INDArray tall = Nd4j.create(x.dataType(), 2 * rows, columns);
                for (long i = 0; i < rows; i++) {
                    tall.putRow(2 * i, x.getRow(i));
                }
                yield tall.get(NDArrayIndex.interval(0, 2, 2 * rows), NDArrayIndex.all());
            }
            case "transposed" -> x.transpose().dup('c').transpose();
            default -> throw new AssertionError(origin);
        };
    }

    @ParameterizedTest
    @MethodSource("origins")
    void inputsOfAnyOrderAndOrigin(String origin) {
        MultiLayerNetwork plain = lora(Nets.layers(settings(WorkspaceMode.ENABLED)));
        MultiLayerNetwork other = lora(Nets.layers(settings(WorkspaceMode.ENABLED)));
        for (int i = 0; i < 4; i++) {
            DataSet data = batch(i, 5);
            plain.fit(data);
            other.fit(as(origin, data.getFeatures()), as(origin, data.getLabels()));
        }
        Nets.assertClose(plain.params(), other.params(), TOLERANCE, origin);
    }

    @Test
    void otherCallsBetweenStepsChangeNothing() {
        MultiLayerNetwork undisturbed = lora(Nets.layers(settings(WorkspaceMode.ENABLED)));
        MultiLayerNetwork disturbed = lora(Nets.layers(settings(WorkspaceMode.ENABLED)));
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(settings(WorkspaceMode.ENABLED)));
        for (int i = 0; i < 5; i++) {
            DataSet data = batch(i, 6);
            DataSet other = batch(50 + i, 3);
            disturbed.feedForward(other.getFeatures(), true);
            var gradients = disturbed.calculateGradients(other.getFeatures(), other.getLabels(), null, null);
            stock.params().assign(disturbed.params());
            var wanted = stock.calculateGradients(other.getFeatures(), other.getLabels(), null, null);
            Nets.assertClose(
                    wanted.getFirst().gradient(), gradients.getFirst().gradient(), 1e-12, "the program's own gradient");
            Nets.assertClose(wanted.getSecond(), gradients.getSecond(), 1e-12, "the gradient of the input");
            disturbed.output(other.getFeatures());
            disturbed.score(other, true);
            disturbed.summary();
            disturbed.fit(data);
            undisturbed.fit(data);
        }
        Nets.assertSame(undisturbed.params(), disturbed.params(), "the disturbed network");
    }

    @Test
    void rnnTimeStepBetweenStepsChangesNothing() {
        MultiLayerNetwork undisturbed = allButTheLstm(recurrent(WorkspaceMode.ENABLED, true));
        MultiLayerNetwork disturbed = allButTheLstm(recurrent(WorkspaceMode.ENABLED, true));
        for (int i = 0; i < 3; i++) {
            disturbed.rnnTimeStep(sequence(9, false).getFeatures());
            disturbed.rnnClearPreviousState();
            disturbed.fit(sequence(i, false));
            undisturbed.fit(sequence(i, false));
        }
        Nets.assertSame(undisturbed.params(), disturbed.params(), "the disturbed network");
    }
}
