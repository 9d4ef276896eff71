package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

/** Convolutions whose passes lowrank4j runs, among layers that DL4J runs, train as DL4J trains them. */
class ConvolutionsTest {

    /** Convolutions above, below and beside what trains; dropout between them draws as it does in stock training. */
    enum Network {
        PLAIN(0),
        DROPOUT(0.8),
        VOLUMES(0.8) {
            @Override
            InputType input() {
                return InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 4, 5, 6, 2);
            }

            @Override
            void convolutions(ListBuilder layers, double rate) {
                layers.layer(at(rate, new Convolution3D.Builder(3, 2, 2).nOut(4).activation(Activation.RELU)))
                        .layer(at(
                                rate,
                                new Convolution3D.Builder(2, 2, 2)
                                        .nOut(5)
                                        .convolutionMode(ConvolutionMode.Same)
                                        .hasBias(false)
                                        .activation(Activation.TANH)))
                        .layer(new Subsampling3DLayer.Builder()
                                .kernelSize(1, 2, 2)
                                .stride(1, 1, 1)
                                .build())
                        .layer(at(
                                rate,
                                new Deconvolution3D.Builder()
                                        .kernelSize(2, 2, 2)
                                        .nOut(3)
                                        .activation(Activation.TANH)));
            }
        };

        private final double kept;

        Network(double kept) {
            this.kept = kept;
        }

        InputType input() {
            return InputType.convolutional(7, 6, 2);
        }

        List<DataSet> minibatches(DataType type) {
            return Stream.of(3, 8, 5)
                    .map(examples -> {
                        long[] shape = input().getShape(true);
                        shape[0] = examples;
                        return new DataSet(
                                Data.normal(examples, type, shape),
                                Data.oneHot(examples, type, examples, Nets.CLASSES));
                    })
                    .toList();
        }

        ConvolutionLayer at(double rate, ConvolutionLayer.BaseConvBuilder<?> convolution) {
            return convolution
                    .updater(new Sgd(rate))
                    .biasUpdater(new Sgd(rate))
                    .dropOut(kept)
                    .build();
        }

        /** @param rate of the convolutions */
        MultiLayerConfiguration configuration(DataType type, double rate) {
            ListBuilder layers = Nets.settings(type, new Adam(0.01))
                    .weightInit(WeightInit.XAVIER)
                    .list();
            convolutions(layers, rate);
            return layers.layer(new DenseLayer.Builder()
                            .name("dense")
                            .nOut(6)
                            .activation(Activation.TANH)
                            .build())
                    .layer(new OutputLayer.Builder()
                            .nOut(Nets.CLASSES)
                            .activation(Activation.SOFTMAX)
                            .build())
                    .setInputType(input())
                    .build();
        }

        void convolutions(ListBuilder layers, double rate) {
            layers.layer(new ConvolutionLayer.Builder(3, 3)
                            .updater(new Sgd(rate))
                            .biasUpdater(new Sgd(rate))
                            .nOut(4)
                            .activation(Activation.RELU)
                            .build())
                    .layer(at(rate, new ConvolutionLayer.Builder(1, 1).nOut(5).activation(Activation.TANH)))
                    .layer(at(
                            rate,
                            new DepthwiseConvolution2D.Builder(2, 2)
                                    .depthMultiplier(2)
                                    .activation(Activation.TANH)))
                    .layer(new SubsamplingLayer.Builder()
                            .kernelSize(2, 2)
                            .stride(1, 1)
                            .build())
                    .layer(at(
                            rate,
                            new ConvolutionLayer.Builder(2, 2)
                                    .nOut(4)
                                    .stride(2, 1)
                                    .convolutionMode(ConvolutionMode.Same)
                                    .activation(Activation.LEAKYRELU)));
        }
    }

    @LowRank(update = "full", layers = "dense", bias = "lora_only")
    private static MultiLayerNetwork frozen(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            update = "full",
            layers = {"layer[0-4]", "dense"},
            bias = "all")
    private static MultiLayerNetwork trained(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, init = "eva", layers = "type:ConvolutionLayer")
    private static MultiLayerNetwork eva(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, init = "corda", layers = "type:ConvolutionLayer")
    private static MultiLayerNetwork corda(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    /** Starts that learn from inputs learn from patches; where nothing has a rate, they leave the function as it is. */
    @Test
    void startsFromPatches() {
        MultiLayerConfiguration still = Network.PLAIN.configuration(DataType.DOUBLE, 0);
        MultiLayerConfiguration moving = Network.PLAIN.configuration(DataType.DOUBLE, 0.05);
        for (UnaryOperator<MultiLayerNetwork> start : List.<UnaryOperator<MultiLayerNetwork>>of(
                network -> eva(network.getLayerWiseConfigurations()),
                network -> corda(network.getLayerWiseConfigurations()))) {
            MultiLayerNetwork network = start.apply(new MultiLayerNetwork(still.clone()));
            INDArray before = filters(network);
            network.fit(new ExistingDataSetIterator(Network.PLAIN.minibatches(DataType.DOUBLE)));
            Nets.assertClose(before, filters(network), 1e-12, "the filters");
            MultiLayerNetwork trained = start.apply(new MultiLayerNetwork(moving.clone()));
            INDArray drawn = filters(trained);
            trained.fit(new ExistingDataSetIterator(Network.PLAIN.minibatches(DataType.DOUBLE)));
            Nets.assertMoved(drawn, filters(trained), "the filters");
        }
    }

    /** Of all layers: eva may give a layer none of the rank. */
    private static INDArray filters(MultiLayerNetwork network) {
        return Nd4j.concat(
                0,
                Stream.of("0_W", "1_W", "4_W")
                        .map(name -> network.getParam(name).dup('c'))
                        .map(filters -> filters.reshape(filters.length()))
                        .toArray(INDArray[]::new));
    }

    private static void assertTrainsAlike(
            Network network, MultiLayerNetwork stock, MultiLayerNetwork ruled, DataType type) {
        INDArray before = stock.params().dup();
        for (DataSet batch : network.minibatches(type)) {
            Nd4j.getRandom().setSeed(batch.numExamples());
            stock.fit(batch);
            Nd4j.getRandom().setSeed(batch.numExamples());
            ruled.fit(batch);
        }
        Nets.assertMoved(before, stock.params(), "the network");
        double tolerance = type == DataType.DOUBLE ? 1e-12 : 1e-4;
        Nets.assertClose(stock.params(), ruled.params(), tolerance, "parameters");
        assertEquals(stock.score(), ruled.score(), tolerance * 10, "the loss");
    }

    /** Notes which passes call it. */
    public static final class Noting extends ActivationTanH {

        private static final long serialVersionUID = 1L;
        private static final Set<String> CALLERS = ConcurrentHashMap.newKeySet();

        @Override
        public INDArray getActivation(INDArray in, boolean training) {
            note();
            return super.getActivation(in, training);
        }

        @Override
        public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
            note();
            return super.backprop(in, epsilon);
        }

        private static void note() {
            StackWalker.getInstance()
                    .walk(frames -> frames.filter(
                                    frame -> frame.getMethodName().matches("activate|backpropGradient|activated|delta"))
                            .findFirst())
                    .ifPresent(frame -> CALLERS.add(frame.getClassName()));
        }
    }

    /** All else here would hold of DL4J's own passes, too. */
    @Test
    void frozenOnesAreRunByLowrank4j() {
        InputType pictures = InputType.convolutional(7, 6, 2);
        InputType series = InputType.recurrent(2, 7);
        InputType volumes = InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 4, 5, 4, 2);
        frozenIsRunByLowrank4j(new ConvolutionLayer.Builder(2, 2), pictures);
        frozenIsRunByLowrank4j(new DepthwiseConvolution2D.Builder(2, 2).depthMultiplier(2), pictures);
        frozenIsRunByLowrank4j(new Deconvolution2D.Builder(2, 2), pictures);
        frozenIsRunByLowrank4j(new SeparableConvolution2D.Builder(2, 2), pictures);
        frozenIsRunByLowrank4j(new Convolution1DLayer.Builder(2), series);
        frozenIsRunByLowrank4j(new Convolution3D.Builder(2, 2, 2), volumes);
        frozenIsRunByLowrank4j(new Deconvolution3D.Builder().kernelSize(2, 2, 2), volumes);
    }

    private static void frozenIsRunByLowrank4j(ConvolutionLayer.BaseConvBuilder<?> of, InputType input) {
        ConvolutionLayer.BaseConvBuilder<?> outputs =
                of instanceof DepthwiseConvolution2D.Builder ? of : of.nOut(input.getShape(true)[1]);
        ConvolutionLayer below = outputs.build();
        ConvolutionLayer frozen = below.clone();
        frozen.setActivationFn(new Noting());
        Noting.CALLERS.clear();
        MultiLayerNetwork network = frozen(Nets.settings(DataType.FLOAT, new Sgd(0.1))
                .list()
                .layer(below)
                .layer(frozen)
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(new DenseLayer.Builder()
                        .name("dense")
                        .nOut(6)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder()
                        .nOut(Nets.CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(input)
                .build());
        INDArray labels = Network.PLAIN.minibatches(DataType.FLOAT).get(0).getLabels();
        long[] shape = input.getShape(true);
        shape[0] = labels.size(0);
        network.fit(new DataSet(Nd4j.rand(DataType.FLOAT, shape), labels));
        assertEquals(
                Set.of("org.lowrank4j.kind.PicturePasses"),
                Noting.CALLERS,
                frozen.getClass().getSimpleName());
    }

    /** As stock does where they have the rate 0. */
    @ParameterizedTest
    @EnumSource
    void frozenOnes(Network network) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            assertTrainsAlike(
                    network,
                    Nets.initialised(network.configuration(type, 0)),
                    frozen(network.configuration(type, 0)),
                    type);
        }
    }

    /** As stock does with the same rate: update=full trains the filters by the gradient that the passes bring. */
    @ParameterizedTest
    @EnumSource
    void thoseThatTrain(Network network) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            assertTrainsAlike(
                    network,
                    Nets.initialised(network.configuration(type, 0.05)),
                    trained(network.configuration(type, 0.05)),
                    type);
        }
    }
}
