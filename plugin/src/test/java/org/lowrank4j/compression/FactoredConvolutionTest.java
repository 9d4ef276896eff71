package org.lowrank4j.compression;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.factorisation.SpatialSvd;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.kind.SpatialMatrix;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** A convolution whose matrix has low rank, as filters of its size and filters of one pixel. */
class FactoredConvolutionTest {

    private static final int RANK = 3;

    private static ConvolutionLayer.Builder filters() {
        return new ConvolutionLayer.Builder(3, 2)
                .nIn(4)
                .nOut(9)
                .name("filters")
                .activation(Activation.TANH)
                .biasInit(0.2);
    }

    static Stream<ConvolutionLayer> geometries() {
        return Stream.of(
                filters().build(),
                filters().stride(2, 1).padding(1, 2).build(),
                filters().dilation(2, 1).convolutionMode(ConvolutionMode.Same).build(),
                filters()
                        .hasBias(false)
                        .convolutionMode(ConvolutionMode.Same)
                        .stride(2, 2)
                        .build(),
                filters().dataFormat(CNN2DFormat.NHWC).build(),
                filters()
                        .constrainWeights(new MaxNormConstraint(1, 1, 2, 3))
                        .dropOut(0.7)
                        .build());
    }

    private static NeuralNetConfiguration.Builder settings() {
        return new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new Adam(0.01))
                .l2(1e-3);
    }

    private static OutputLayer head() {
        return new OutputLayer.Builder()
                .nIn(9)
                .nOut(2)
                .activation(Activation.SOFTMAX)
                .build();
    }

    /** [nOut, nIn, kH, kW] in row-major memory: rows are filters. */
    private static void setRank(INDArray weight) {
        Nd4j.getRandom().setSeed(9);
        INDArray product = Nd4j.randn(DataType.DOUBLE, weight.size(0), RANK)
                .mmul(Nd4j.randn(DataType.DOUBLE, RANK, weight.length() / weight.size(0)));
        weight.assign(product.dup('c').reshape('c', weight.shape()).muli(0.1));
    }

    private static INDArray pictures(ConvolutionLayer layer) {
        Nd4j.getRandom().setSeed(4);
        INDArray pictures = Nd4j.randn(DataType.DOUBLE, 2, 4, 7, 6);
        return layer.getCnn2dDataFormat() == CNN2DFormat.NHWC
                ? pictures.permute(0, 2, 3, 1).dup('c')
                : pictures;
    }

    @ParameterizedTest
    @MethodSource("geometries")
    void answersAsTheWholeLayerAndTrainsOn(ConvolutionLayer layer) {
        InputType input = InputType.convolutional(7, 6, 4, layer.getCnn2dDataFormat());
        MultiLayerNetwork network = new MultiLayerNetwork(settings()
                .list()
                .layer(layer)
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(head())
                .setInputType(input)
                .build());
        network.init();
        setRank(network.getParam("0_W"));
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.exact());
        long saved = 4 * 6 * 9 - RANK * (4 * 6 + 9);
        assertEquals(network.numParams() - saved, small.numParams());
        INDArray pictures = pictures(layer);
        double difference = network.output(pictures)
                .sub(small.output(pictures))
                .amaxNumber()
                .doubleValue();
        assertTrue(difference < 1e-12, "the outputs differ by " + difference);

        ConvolutionLayer first =
                (ConvolutionLayer) small.getLayer("filters-lowrank").conf().getLayer();
        assertArrayEquals(layer.getKernelSize(), first.getKernelSize());
        assertTrue(first.getActivationFn() instanceof ActivationIdentity && !first.hasBias());
        assertEquals(layer.getIDropout(), first.getIDropout());
        ConvolutionLayer second =
                (ConvolutionLayer) small.getLayer("filters").conf().getLayer();
        assertArrayEquals(new int[] {1, 1}, second.getKernelSize());
        assertTrue(second.getActivationFn() instanceof ActivationTanH && second.getIDropout() == null);
        assertEquals(layer.hasBias(), second.hasBias());

        INDArray before = small.params().dup();
        small.fit(new DataSet(pictures, Nd4j.create(new double[][] {{1, 0}, {0, 1}})));
        assertTrue(before.sub(small.params()).amaxNumber().doubleValue() > 0);
        assertTrue(Double.isFinite(small.score()));
    }

    /** Of (channel, y) x (filter, x). */
    @ParameterizedTest
    @MethodSource("geometries")
    void columnsAndThenRowsAnswerAsTheWholeLayer(ConvolutionLayer layer) {
        MultiLayerNetwork network = new MultiLayerNetwork(settings()
                .list()
                .layer(layer)
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(head())
                .setInputType(InputType.convolutional(7, 6, 4, layer.getCnn2dDataFormat()))
                .build());
        network.init();
        Nd4j.getRandom().setSeed(9);
        INDArray spatial = Nd4j.randn(DataType.DOUBLE, 4 * 3, RANK).mmul(Nd4j.randn(DataType.DOUBLE, RANK, 9 * 2));
        Matrix.filters("W").view().apply(network.getParam("0_W")).assign(SpatialMatrix.back(spatial, 3, 2));
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.exact(), new SpatialSvd());
        assertArrayEquals(new long[] {RANK, 4, 3, 1}, small.getParam("0_W").shape());
        assertArrayEquals(new long[] {9, RANK, 1, 2}, small.getParam("1_W").shape());
        INDArray pictures = pictures(layer);
        double difference = network.output(pictures)
                .sub(small.output(pictures))
                .amaxNumber()
                .doubleValue();
        assertTrue(difference < 1e-12, "the outputs differ by " + difference);
    }

    @Test
    void aGraphsConvolutionBecomesTwo() {
        ConvolutionLayer layer = filters().build();
        ComputationGraph graph = new ComputationGraph(settings()
                .graphBuilder()
                .addInputs("in")
                .addLayer("filters", layer, "in")
                .addLayer("pool", new GlobalPoolingLayer.Builder().build(), "filters")
                .addLayer("out", head(), "pool")
                .setOutputs("out")
                .build());
        graph.init();
        setRank(graph.getLayer("filters").getParam("W"));
        ComputationGraph small = FactoredModel.of(graph, RankChoice.exact());
        INDArray pictures = pictures(layer);
        assertTrue(graph.outputSingle(pictures)
                        .sub(small.outputSingle(pictures))
                        .amaxNumber()
                        .doubleValue()
                < 1e-12);
        assertTrue(small.numParams() < graph.numParams());
    }

    /** Others have no published split, or none that two stock layers could be. */
    @Test
    void aConvolutionOverSeriesStays() {
        Layer layer = new Convolution1DLayer.Builder(3).nIn(4).nOut(9).build();
        MultiLayerNetwork network = new MultiLayerNetwork(settings()
                .list()
                .layer(layer)
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(head())
                .setInputType(InputType.recurrent(4, 8))
                .build());
        network.init();
        network.getParam("0_W").assign(0.1);
        assertEquals(3, FactoredModel.of(network, RankChoice.exact()).getnLayers());
    }
}
