package org.lowrank4j.tests.engine;

import java.util.function.Function;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Gradients of adapted ComputationGraphs against central differences in double precision. */
class GraphGradientCheckTest {

    private static final double RATE = 0.05;
    private static final int EXAMPLES = 5;

    @LowRank(rank = 2, bias = "lora-only")
    private static ComputationGraph everyDense(ComputationGraphConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(
            rank = 2,
            layers = {"shared", "right"})
    private static ComputationGraph sharedAndRight(ComputationGraphConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2, layers = "right")
    private static ComputationGraph rightOnly(ComputationGraphConfiguration configuration) {
        return initialised(configuration);
    }

    @LowRank(rank = 2, layers = "shared", train = "none")
    private static ComputationGraph sharedOnly(ComputationGraphConfiguration configuration) {
        return initialised(configuration);
    }

    private static ComputationGraph initialised(ComputationGraphConfiguration configuration) {
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        return graph;
    }

    private static GraphBuilder builder(String... inputs) {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(RATE))
                .biasInit(0.05)
                .graphBuilder()
                .addInputs(inputs);
    }

    private static DenseLayer dense(int inputs, int outputs) {
        return new DenseLayer.Builder()
                .nIn(inputs)
                .nOut(outputs)
                .activation(Activation.TANH)
                .build();
    }

    private static OutputLayer classes(int inputs, int outputs) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(inputs)
                .nOut(outputs)
                .build();
    }

    private static OutputLayer values(int inputs, int outputs) {
        return new OutputLayer.Builder(LossFunction.MSE)
                .activation(Activation.IDENTITY)
                .nIn(inputs)
                .nOut(outputs)
                .build();
    }

    /** One layer feeds two, which are merged. */
    private static ComputationGraphConfiguration merged() {
        return builder("in")
                .addLayer("shared", dense(4, 5), "in")
                .addLayer("left", dense(5, 3), "shared")
                .addLayer("right", dense(5, 4), "shared")
                .addVertex("merge", new MergeVertex(), "left", "right")
                .addLayer("out", classes(7, 3), "merge")
                .setOutputs("out")
                .build();
    }

    /** A residual connection around a layer. */
    private static ComputationGraphConfiguration added() {
        return builder("in")
                .addLayer("shared", dense(4, 5), "in")
                .addLayer("right", dense(5, 5), "shared")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "shared", "right")
                .addLayer("out", classes(5, 3), "sum")
                .setOutputs("out")
                .build();
    }

    /** Two inputs, two outputs, a product in between, and one layer that feeds an output and a vertex. */
    private static ComputationGraphConfiguration twoByTwo() {
        return builder("first", "second")
                .addLayer("shared", dense(4, 5), "first")
                .addLayer("right", dense(3, 5), "second")
                .addVertex("product", new ElementWiseVertex(ElementWiseVertex.Op.Product), "shared", "right")
                .addLayer("outA", classes(5, 3), "product")
                .addLayer("outB", values(5, 2), "shared")
                .setOutputs("outA", "outB")
                .build();
    }

    private static MultiDataSet oneByOneData() {
        return new MultiDataSet(
                Data.normal(1, DataType.DOUBLE, EXAMPLES, 4), Data.oneHot(2, DataType.DOUBLE, EXAMPLES, 3));
    }

    private static MultiDataSet twoByTwoData() {
        return new MultiDataSet(
                new INDArray[] {
                    Data.normal(1, DataType.DOUBLE, EXAMPLES, 4), Data.normal(2, DataType.DOUBLE, EXAMPLES, 3)
                },
                new INDArray[] {
                    Data.oneHot(3, DataType.DOUBLE, EXAMPLES, 3), Data.normal(4, DataType.DOUBLE, EXAMPLES, 2)
                });
    }

    private static StepCheck check(
            Function<ComputationGraphConfiguration, ComputationGraph> rule,
            Supplier<ComputationGraphConfiguration> configuration,
            MultiDataSet data) {
        ComputationGraph adapted = rule.apply(configuration.get());
        for (int i = 0; i < 3; i++) {
            adapted.fit(data);
        }
        return new StepCheck(
                adapted,
                () -> adapted.fit(data),
                initialised(configuration.get()),
                stock -> ((ComputationGraph) stock).score(data, false),
                RATE);
    }

    @Test
    void mergeVertexOverALayerThatFeedsTwo() {
        check(GraphGradientCheckTest::everyDense, GraphGradientCheckTest::merged, oneByOneData())
                .targets("shared", "left", "right")
                .trained("shared_b", "left_b", "right_b", "out_W", "out_b")
                .verify();
    }

    @Test
    void oneBranchFrozenOverAnAdaptedLayer() {
        check(GraphGradientCheckTest::sharedAndRight, GraphGradientCheckTest::merged, oneByOneData())
                .targets("shared", "right")
                .trained("out_W", "out_b")
                .verify();
    }

    @Test
    void oneBranchAdaptedOverAFrozenLayer() {
        check(GraphGradientCheckTest::rightOnly, GraphGradientCheckTest::merged, oneByOneData())
                .targets("right")
                .trained("out_W", "out_b")
                .verify();
    }

    @Test
    void everythingFrozenAboveTheAdaptedLayer() {
        check(GraphGradientCheckTest::sharedOnly, GraphGradientCheckTest::merged, oneByOneData())
                .targets("shared")
                .verify();
    }

    @Test
    void elementWiseSum() {
        check(GraphGradientCheckTest::everyDense, GraphGradientCheckTest::added, oneByOneData())
                .targets("shared", "right")
                .trained("shared_b", "right_b", "out_W", "out_b")
                .verify();
        check(GraphGradientCheckTest::rightOnly, GraphGradientCheckTest::added, oneByOneData())
                .targets("right")
                .trained("out_W", "out_b")
                .verify();
    }

    @Test
    void twoInputsTwoOutputs() {
        check(GraphGradientCheckTest::everyDense, GraphGradientCheckTest::twoByTwo, twoByTwoData())
                .targets("shared", "right")
                .trained("shared_b", "right_b", "outA_W", "outA_b", "outB_W", "outB_b")
                .verify();
        check(GraphGradientCheckTest::rightOnly, GraphGradientCheckTest::twoByTwo, twoByTwoData())
                .targets("right")
                .trained("outA_W", "outA_b", "outB_W", "outB_b")
                .verify();
    }
}
