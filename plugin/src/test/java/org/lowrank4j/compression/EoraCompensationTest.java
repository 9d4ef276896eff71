package org.lowrank4j.compression;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.datasets.iterator.utilty.SingletonMultiDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.network.ModelWeights;
import org.lowrank4j.quantisation.UniformGrid;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.adapter.MultiDataSetIteratorAdapter;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class EoraCompensationTest {

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"DOUBLE", "FLOAT"})
    void everyLayerIsCompensatedWithTheInputsThatItReallyGets(DataType type) {
        double tolerance = type == DataType.DOUBLE ? 1e-9 : 1e-4;
        MultiLayerNetwork original = dense(type);
        MultiLayerNetwork compressed = compressed(original);
        INDArray before = compressed.params().dup();
        INDArray x = gaussian(type, 80, 12);
        List<CompensatedLayer> layers = new EoraCompensation(3).apply(ModelWeights.of(original), compressed, x);
        assertEquals(
                List.of("first", "layer2", "out"),
                layers.stream().map(CompensatedLayer::layer).toList());
        assertTrue(compressed.getLayer(3).input() == null, "nothing is kept");

        List<INDArray> activations = compressed.feedForward(x, false);
        int[] positions = {0, 2, 3};
        for (int i = 0; i < positions.length; i++) {
            CompensatedLayer layer = layers.get(i);
            int at = positions[i];
            assertEquals(3, layer.rank());
            INDArray weight = compressed.getLayer(at).getParam("W");
            INDArray input = activations.get(at).castTo(DataType.DOUBLE);
            INDArray error = original.getLayer(at).getParam("W").sub(weight).castTo(DataType.DOUBLE);
            double actual = input.mmul(error).norm2Number().doubleValue() / Math.sqrt(80);
            assertEquals(layer.errorAfter(), actual, tolerance * layer.errorBefore());
            assertTrue(layer.errorAfter() < 0.9 * layer.errorBefore(), layer::toString);
            INDArray change = layer.a().mmul(layer.b());
            assertTrue(input.mmul(error.add(change)).norm2Number().doubleValue() / Math.sqrt(80)
                    <= layer.errorBefore() * (1 + tolerance));
            assertEquals(
                    original.getLayer(at).getParam("b"), compressed.getLayer(at).getParam("b"));
        }
        assertNotEquals(before, compressed.params());
    }

    @Test
    void theFullRankRestoresTheNetwork() {
        MultiLayerNetwork original = dense(DataType.DOUBLE);
        MultiLayerNetwork compressed = compressed(original);
        INDArray x = gaussian(DataType.DOUBLE, 80, 12);
        List<CompensatedLayer> layers = new EoraCompensation(100).apply(ModelWeights.of(original), compressed, x);
        assertEquals(
                List.of(10, 8, 4), layers.stream().map(CompensatedLayer::rank).toList());
        INDArray unseen = gaussian(DataType.DOUBLE, 9, 12).muli(2);
        assertTrue(distance(original.output(unseen), compressed.output(unseen)) <= 1e-9);
        assertTrue(layers.stream().allMatch(layer -> layer.errorAfter() <= 1e-10));
    }

    @Test
    void theFullRankRestoresAConvolution() {
        MultiLayerNetwork original = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .seed(5)
                .list()
                .layer(new ConvolutionLayer.Builder(2, 2)
                        .nOut(3)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder().nOut(4).build())
                .setInputType(InputType.convolutional(5, 5, 2))
                .build());
        original.init();
        MultiLayerNetwork compressed = original.clone();
        compressed.params().muli(0.9);
        compressed.setParam("0_b", original.getParam("0_b"));
        compressed.setParam("1_b", original.getParam("1_b"));
        INDArray x = gaussian(DataType.DOUBLE, 80, 2 * 5 * 5).reshape(80, 2, 5, 5);
        new EoraCompensation(100).apply(ModelWeights.of(original), compressed, x);
        assertTrue(distance(original.params(), compressed.params()) <= 1e-9);
    }

    @Test
    void aGraphAndItsTwinAreCompensatedAlike() {
        ComputationGraph original = twoInputs();
        ComputationGraph compressed = original.clone();
        for (String name : new String[] {"left", "right", "out"}) {
            compress(compressed.getLayer(name).getParam("W"));
        }
        ComputationGraph twin = compressed.clone();
        INDArray a = gaussian(DataType.DOUBLE, 60, 6);
        INDArray b = gaussian(DataType.DOUBLE, 60, 5);
        List<CompensatedLayer> layers = new EoraCompensation(2).apply(ModelWeights.of(original), compressed, a, b);
        assertEquals("out", layers.get(2).layer(), "after both of its inputs");
        double before = distance(original.outputSingle(a, b), twin.outputSingle(a, b));
        double after = distance(original.outputSingle(a, b), compressed.outputSingle(a, b));
        assertTrue(after < before, after + " against " + before);

        MultiDataSet batch = new MultiDataSet(new INDArray[] {a, b}, new INDArray[] {Nd4j.zeros(60, 2)});
        new EoraCompensation(2).apply(ModelWeights.of(original), twin, new SingletonMultiDataSetIterator(batch));
        assertEquals(compressed.params(), twin.params());
    }

    @Test
    void stepsThatAMaskHidesDoNotCount() {
        MultiLayerNetwork original = recurrent();
        INDArray x = gaussian(DataType.DOUBLE, 4, 3 * 5).reshape(4, 3, 5);
        INDArray mask = Nd4j.ones(DataType.DOUBLE, 4, 5);
        mask.get(NDArrayIndex.interval(0, 3), NDArrayIndex.interval(2, 5)).assign(0);
        INDArray other = x.dup();
        other.get(NDArrayIndex.interval(0, 3), NDArrayIndex.all(), NDArrayIndex.interval(2, 5))
                .assign(1000);
        INDArray[] results = new INDArray[3];
        for (int i = 0; i < results.length; i++) {
            MultiLayerNetwork compressed = compressedEnd(original);
            DataSet batch = new DataSet(i == 1 ? other : x, null, i == 2 ? null : mask, null);
            List<CompensatedLayer> layers = new EoraCompensation(1)
                    .apply(ModelWeights.of(original), compressed, new ExistingDataSetIterator(List.of(batch)));
            assertEquals(
                    List.of("layer0", "layer0/RW", "layer1", "layer2"),
                    layers.stream().map(CompensatedLayer::layer).toList());
            assertTrue(compressed.getLayer(2).getMaskArray() == null);
            results[i] = compressed.params();
        }
        assertEquals(results[0], results[1]);
        assertTrue(distance(results[0], results[2]) > 1e-6, "without the mask they count");
    }

    @Test
    void noMoreBatchesAreReadThanAskedFor() {
        MultiLayerNetwork original = dense(DataType.DOUBLE);
        List<DataSet> data = List.of(
                new DataSet(gaussian(DataType.DOUBLE, 20, 12), null),
                new DataSet(gaussian(DataType.DOUBLE, 30, 12), null),
                new DataSet(Nd4j.valueArrayOf(new long[] {5, 12}, Double.NaN, DataType.DOUBLE), null));
        MultiLayerNetwork fromIterator = compressed(original);
        MultiLayerNetwork fromArray = compressed(original);
        new EoraCompensation(2, 1).apply(ModelWeights.of(original), fromIterator, new ExistingDataSetIterator(data));
        new EoraCompensation(2, 1)
                .apply(ModelWeights.of(original), fromArray, data.get(0).getFeatures());
        assertEquals(fromArray.params(), fromIterator.params());
        new EoraCompensation(2, 2).apply(ModelWeights.of(original), fromIterator, new ExistingDataSetIterator(data));
        assertThrows(
                LowRankException.class,
                () -> new EoraCompensation(2)
                        .apply(ModelWeights.of(original), compressed(original), new ExistingDataSetIterator(data)));
    }

    @Test
    void anIteratorMayFillItsArraysAgain() {
        List<DataSet> data = List.of(masked(2), masked(4));
        MultiLayerNetwork original = recurrent();
        MultiLayerNetwork expected = compressedEnd(original);
        MultiLayerNetwork actual = expected.clone();
        ComputationGraph expectedGraph = expected.toComputationGraph();
        ComputationGraph actualGraph = expected.toComputationGraph();
        ModelWeights weights = ModelWeights.of(original);
        EoraCompensation eora = new EoraCompensation(1);
        eora.apply(weights, expected, new ExistingDataSetIterator(data));
        eora.apply(weights, actual, refilling(data));
        assertEquals(expected.params(), actual.params());

        ModelWeights ofGraph = ModelWeights.of(original.toComputationGraph());
        eora.apply(ofGraph, expectedGraph, new MultiDataSetIteratorAdapter(new ExistingDataSetIterator(data)));
        eora.apply(ofGraph, actualGraph, new MultiDataSetIteratorAdapter(refilling(data)));
        assertEquals(expectedGraph.params(), actualGraph.params());
    }

    private static MultiLayerNetwork compressedEnd(MultiLayerNetwork original) {
        MultiLayerNetwork compressed = original.clone();
        compress(compressed.getLayer(1).getParam("W"));
        compress(compressed.getLayer(2).getParam("W"));
        return compressed;
    }

    /** Series whose first examples end after some steps. */
    private static DataSet masked(int steps) {
        INDArray mask = Nd4j.ones(DataType.DOUBLE, 4, 5);
        mask.get(NDArrayIndex.interval(0, 3), NDArrayIndex.interval(steps, 5)).assign(0);
        return new DataSet(gaussian(DataType.DOUBLE, 4, 3 * 5).reshape(4, 3, 5).muli(steps), null, mask, null);
    }

    /** One data set that is filled again for every minibatch. */
    private static ExistingDataSetIterator refilling(List<DataSet> data) {
        DataSet refilled = masked(1);
        return new ExistingDataSetIterator((Iterable<DataSet>) () -> data.stream()
                .map(next -> {
                    refilled.getFeatures().assign(next.getFeatures());
                    refilled.getFeaturesMaskArray().assign(next.getFeaturesMaskArray());
                    return refilled;
                })
                .iterator());
    }

    @Test
    void aFailureHalfWayLeavesTheNetworkAsItWas() {
        MultiLayerNetwork original = dense(DataType.DOUBLE);
        MultiLayerNetwork compressed = compressed(original);
        original.getLayer(3).getParam("W").putScalar(1, 1, Double.NaN);
        INDArray before = compressed.params().dup();
        INDArray x = gaussian(DataType.DOUBLE, 40, 12);
        assertThrows(
                LowRankException.class, () -> new EoraCompensation(2).apply(ModelWeights.of(original), compressed, x));
        assertEquals(before, compressed.params());
        assertThrows(
                RuntimeException.class,
                () -> new EoraCompensation(2)
                        .apply(ModelWeights.of(dense(DataType.DOUBLE)), compressed, gaussian(DataType.DOUBLE, 4, 13)));
        assertEquals(before, compressed.params());
    }

    @Test
    void whatCannotBeCompensatedIsExplained() {
        MultiLayerNetwork original = dense(DataType.DOUBLE);
        INDArray x = gaussian(DataType.DOUBLE, 40, 12);
        EoraCompensation eora = new EoraCompensation(2);
        String none = refusal(() ->
                eora.apply(ModelWeights.of(original), compressed(original), new ExistingDataSetIterator(List.of())));
        assertTrue(none.contains("the iterator has none left"), none);
        String other = refusal(() -> eora.apply(ModelWeights.of(recurrent()), compressed(original), x));
        assertTrue(other.startsWith("the original network has no weight W of layer 'first'."), other);
        String zeros = refusal(
                () -> eora.apply(ModelWeights.of(original), compressed(original), Nd4j.zeros(DataType.DOUBLE, 5, 12)));
        assertTrue(zeros.startsWith("Layer first cannot be compensated. The inputs of the layer are all 0"), zeros);
        MultiLayerNetwork empty = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new ActivationLayer(Activation.TANH))
                .layer(new LossLayer.Builder().build())
                .build());
        empty.init();
        assertTrue(
                refusal(() -> eora.apply(ModelWeights.of(original), empty, x)).contains("has no layer"));
        assertTrue(refusal(() -> new EoraCompensation(0)).contains("rank 0 with 64 batches"));
        assertThrows(LowRankException.class, () -> new EoraCompensation(1, 0));
    }

    private static String refusal(Runnable refused) {
        return assertThrows(LowRankException.class, refused::run).getMessage();
    }

    private static MultiLayerNetwork compressed(MultiLayerNetwork original) {
        MultiLayerNetwork compressed = original.clone();
        for (int layer : new int[] {0, 2, 3}) {
            compress(compressed.getLayer(layer).getParam("W"));
        }
        return compressed;
    }

    private static void compress(INDArray weight) {
        weight.assign(new UniformGrid(2).quantised(weight));
    }

    private static MultiLayerNetwork dense(DataType type) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(11)
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().name("first").nIn(12).nOut(10).build())
                .layer(new ActivationLayer(Activation.TANH))
                .layer(new FrozenLayer(new DenseLayer.Builder().nIn(10).nOut(8).build()))
                .layer(new OutputLayer.Builder()
                        .name("out")
                        .activation(Activation.SOFTMAX)
                        .nIn(8)
                        .nOut(4)
                        .build())
                .build());
        network.init();
        return network;
    }

    private static ComputationGraph twoInputs() {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .seed(5)
                .activation(Activation.TANH)
                .graphBuilder()
                .addInputs("a", "b")
                .addLayer("left", new DenseLayer.Builder().nIn(6).nOut(7).build(), "a")
                .addLayer("right", new DenseLayer.Builder().nIn(5).nOut(4).build(), "b")
                .addLayer(
                        "out",
                        new OutputLayer.Builder()
                                .activation(Activation.SOFTMAX)
                                .nIn(11)
                                .nOut(3)
                                .build(),
                        "left",
                        "right")
                .setOutputs("out")
                .build());
        graph.init();
        return graph;
    }

    private static MultiLayerNetwork recurrent() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .seed(5)
                .list()
                .layer(new LSTM.Builder().nOut(6).build())
                .layer(new DenseLayer.Builder()
                        .nOut(5)
                        .activation(Activation.TANH)
                        .build())
                .layer(new RnnOutputLayer.Builder()
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.recurrent(3, 5))
                .build());
        network.init();
        return network;
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }

    private static INDArray gaussian(DataType type, int rows, int columns) {
        Random random = new Random(31L * rows + columns);
        double[] entries = new double[rows * columns];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = random.nextGaussian();
        }
        return Nd4j.create(entries, new long[] {rows, columns}, 'c').castTo(type);
    }
}
