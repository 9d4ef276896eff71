package org.lowrank4j.kind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LearnedSelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * What the guide says of DL4J's own faults, shown on DL4J alone. A release that mends one fails here: then the page, and
 * what imitates the fault, are to be changed.
 */
class StockFaultsTest {

    private static final LayerWorkspaceMgr ANYWHERE = LayerWorkspaceMgr.noWorkspaces();

    private enum Dropped {
        CONVOLUTION(new ConvolutionLayer.Builder(2, 2).nOut(3).build(), InputType.convolutional(5, 5, 2), true),
        SEPARABLE(new SeparableConvolution2D.Builder(2, 2).nOut(3).build(), InputType.convolutional(5, 5, 2), true),
        DEPTHWISE(
                new DepthwiseConvolution2D.Builder(2, 2).depthMultiplier(2).build(),
                InputType.convolutional(5, 5, 2),
                true),
        PEEPHOLES(new GravesLSTM.Builder().nOut(3).build(), InputType.recurrent(2, 9), true),
        LSTM_LAYER(new LSTM.Builder().nOut(3).build(), InputType.recurrent(2, 9), true),
        ONE_DIMENSION(
                new Convolution1DLayer.Builder(2)
                        .nOut(3)
                        .convolutionMode(ConvolutionMode.Same)
                        .build(),
                InputType.recurrent(2, 9),
                false),
        THREE_DIMENSIONS(
                new Convolution3D.Builder(2, 2, 2).nOut(3).build(),
                InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 4, 4, 4, 2),
                false),
        DECONVOLUTION_OF_VOLUMES(
                new Deconvolution3D.Builder().kernelSize(2, 2, 2).nOut(3).build(),
                InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 4, 4, 4, 2),
                false),
        DECONVOLUTION(new Deconvolution2D.Builder(2, 2).nOut(3).build(), InputType.convolutional(5, 5, 2), false);

        private final Layer layer;
        private final InputType input;
        private final boolean masked;

        Dropped(Layer layer, InputType input, boolean masked) {
            this.layer = layer;
            this.input = input;
            this.masked = masked;
            ((org.deeplearning4j.nn.conf.layers.BaseLayer) layer)
                    .setIDropout(new org.deeplearning4j.nn.conf.dropout.Dropout(0.5));
        }
    }

    @ParameterizedTest
    @EnumSource
    void someLayersDoNotDropOutTheirEpsilon(Dropped one) {
        MultiLayerNetwork network = network(one.layer, one.input);
        long[] shape = one.input.getShape(true);
        shape[0] = 4;
        INDArray output = forward(network, Nd4j.ones(DataType.DOUBLE, shape));
        INDArray epsilon = network.backpropGradient(Nd4j.ones(DataType.DOUBLE, output.shape()), ANYWHERE)
                .getSecond();
        assertEquals(
                one.masked, epsilon.eq(0).castTo(DataType.INT32).sumNumber().intValue() > 0);
    }

    @Test
    void gravesBidirectionalLstmDropsNothingOut() {
        assertEquals(0, changeBetweenForwardPasses(new GravesBidirectionalLSTM.Builder()));
        assertTrue(changeBetweenForwardPasses(new LSTM.Builder()) > 1e-3);
    }

    private static double changeBetweenForwardPasses(BaseRecurrentLayer.Builder<?> layer) {
        MultiLayerNetwork network = network(layer.nOut(3).dropOut(0.5).build(), InputType.recurrent(2, 9));
        INDArray input = Nd4j.rand(DataType.DOUBLE, 4, 2, 9);
        INDArray first = forward(network, input.dup()).dup();
        return forward(network, input.dup()).subi(first).amaxNumber().doubleValue();
    }

    /** The loss is the sum of the outputs; its slope by one weight, from differences and from the backward pass. */
    @Test
    void attentionHandsBackTwiceTheGradient() {
        MultiLayerNetwork network = network(
                new SelfAttentionLayer.Builder()
                        .nOut(4)
                        .nHeads(1)
                        .headSize(4)
                        .projectInput(true)
                        .build(),
                InputType.recurrent(3, 5));
        INDArray input = Nd4j.rand(DataType.DOUBLE, 2, 3, 5);
        INDArray weight = network.getParam("0_Wo");
        double step = 1e-5;
        double before = weight.getDouble(0, 0);
        weight.putScalar(0, 0, before + step);
        double above = forward(network, input).sumNumber().doubleValue();
        weight.putScalar(0, 0, before - step);
        double below = forward(network, input).sumNumber().doubleValue();
        weight.putScalar(0, 0, before);
        INDArray output = forward(network, input);
        double backward = network.backpropGradient(Nd4j.ones(DataType.DOUBLE, output.shape()), ANYWHERE)
                .getFirst()
                .getGradientFor("0_Wo")
                .getDouble(0, 0);
        assertEquals(2, backward / ((above - below) / (2 * step)), 1e-6);
    }

    @Test
    void learnedQueriesDoNotRun() {
        MultiLayerNetwork network = network(
                new LearnedSelfAttentionLayer.Builder()
                        .nOut(4)
                        .nHeads(1)
                        .headSize(4)
                        .nQueries(2)
                        .projectInput(true)
                        .build(),
                InputType.recurrent(3, 5));
        INDArray input = Nd4j.rand(DataType.DOUBLE, 2, 3, 5);
        assertThrows(RuntimeException.class, () -> network.output(input));
    }

    /** The second stretch of time steps starts from the state that the first left, and its gradient from none. */
    @Test
    void theGradientOfASimpleRnnForgetsTheStateOfTheStretchBefore() {
        assertTrue(errorAfterAStretch(new SimpleRnn.Builder()) > 0.05);
        assertEquals(0, errorAfterAStretch(new LSTM.Builder()), 1e-6);
    }

    private static double errorAfterAStretch(BaseRecurrentLayer.Builder<?> of) {
        MultiLayerNetwork network = network(of.nOut(3).build(), InputType.recurrent(2, 4));
        RecurrentLayer layer = (RecurrentLayer) network.getLayer(0);
        layer.setBackpropGradientsViewArray(Nd4j.create(DataType.DOUBLE, 1, network.numParams()));
        INDArray first = Nd4j.rand(DataType.DOUBLE, 2, 2, 4);
        INDArray second = Nd4j.rand(DataType.DOUBLE, 2, 2, 4);
        stretch(layer, first);
        backwards(layer);
        Map<String, INDArray> state = layer.rnnGetTBPTTState();
        INDArray weight = layer.getParam("RW");
        double before = weight.getDouble(0, 0);
        double step = 1e-5;
        weight.putScalar(0, 0, before + step);
        double above = after(layer, state, second);
        weight.putScalar(0, 0, before - step);
        double below = after(layer, state, second);
        weight.putScalar(0, 0, before);
        after(layer, state, second);
        double backward = backwards(layer).getDouble(0, 0);
        double exact = (above - below) / (2 * step);
        return Math.abs(backward - exact) / Math.abs(exact);
    }

    private static double after(RecurrentLayer layer, Map<String, INDArray> state, INDArray input) {
        layer.rnnSetTBPTTState(new HashMap<>(state));
        layer.rnnSetPreviousState(new HashMap<>(state));
        return stretch(layer, input).sumNumber().doubleValue();
    }

    private static INDArray stretch(RecurrentLayer layer, INDArray input) {
        layer.setInput(input.dup('f'), ANYWHERE);
        return layer.rnnActivateUsingStoredState(input.dup('f'), true, true, ANYWHERE);
    }

    private static INDArray backwards(RecurrentLayer layer) {
        return layer.tbpttBackpropGradient(Nd4j.ones(DataType.DOUBLE, 2, 3, 4), 4, ANYWHERE)
                .getFirst()
                .getGradientFor("RW");
    }

    @Test
    void convolutionsOverSeriesDoNotTrainWithChannelsLast() {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration()
                .list()
                .layer(new Convolution1DLayer.Builder(2)
                        .nOut(3)
                        .convolutionMode(ConvolutionMode.Same)
                        .rnnDataFormat(RNNFormat.NWC)
                        .build())
                .layer(new RnnOutputLayer.Builder()
                        .nOut(2)
                        .dataFormat(RNNFormat.NWC)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.recurrent(2, 9, RNNFormat.NWC))
                .build());
        network.init();
        DataSet data = new DataSet(
                Nd4j.rand(DataType.DOUBLE, 4, 9, 2),
                Nd4j.ones(DataType.DOUBLE, 4, 9, 2).muli(0.5));
        assertThrows(RuntimeException.class, () -> network.fit(data));
    }

    /** Also not with a dropout that drops nothing, which is what the import from Keras gives them. */
    @Test
    void convolutionsDoNotTrainWithChannelsLastAndDropout() {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration()
                .list()
                .layer(new ConvolutionLayer.Builder(2, 2)
                        .nOut(3)
                        .dataFormat(CNN2DFormat.NHWC)
                        .build())
                .layer(new ConvolutionLayer.Builder(2, 2)
                        .nOut(2)
                        .dataFormat(CNN2DFormat.NHWC)
                        .dropOut(new Dropout(1.0))
                        .build())
                .layer(new OutputLayer.Builder()
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(7, 6, 2, CNN2DFormat.NHWC))
                .build());
        network.init();
        DataSet data = new DataSet(
                Nd4j.rand(DataType.DOUBLE, 4, 7, 6, 2),
                Nd4j.ones(DataType.DOUBLE, 4, 2).muli(0.5));
        assertThrows(RuntimeException.class, () -> network.fit(data));
    }

    @Test
    void aBatchNormalisationThatTheProgramFreezesWithBackpropDoesNotTrain() {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration()
                .list()
                .layer(new DenseLayer.Builder().nIn(3).nOut(4).build())
                .layer(new FrozenLayerWithBackprop(
                        new BatchNormalization.Builder().nIn(4).nOut(4).build()))
                .layer(new OutputLayer.Builder()
                        .nIn(4)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        DataSet data = new DataSet(
                Nd4j.rand(DataType.DOUBLE, 6, 3),
                Nd4j.ones(DataType.DOUBLE, 6, 2).muli(0.5));
        assertThrows(RuntimeException.class, () -> network.fit(data));
    }

    private static NeuralNetConfiguration.Builder configuration() {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(0.1))
                .activation(Activation.TANH);
    }

    private static MultiLayerNetwork network(Layer layer, InputType input) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration()
                .trainingWorkspaceMode(WorkspaceMode.NONE)
                .inferenceWorkspaceMode(WorkspaceMode.NONE)
                .list()
                .layer(layer)
                .setInputType(input)
                .build());
        network.init();
        return network;
    }

    private static INDArray forward(MultiLayerNetwork network, INDArray input) {
        network.setInput(input);
        return network.feedForward(true, false).get(1);
    }
}
