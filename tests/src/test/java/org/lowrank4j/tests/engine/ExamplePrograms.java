package org.lowrank4j.tests.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small programs of many kinds, as in collections of examples: what each makes and what it trains it with. */
final class ExamplePrograms {

    private static final int EXAMPLES = 8;

    /** Makes the network where it is called, so that a rule there applies; and the data of its steps. */
    record Program(Supplier<Model> network, Supplier<MultiDataSet> data) {}

    private ExamplePrograms() {}

    static Map<String, Program> all() {
        Map<String, Program> all = new LinkedHashMap<>();
        all.put("4-10-10-3, as for the iris flowers", rows(4, dense(4, 10), dense(10, 10), head(10)));
        all.put(
                "exclusive or, 2-4-2",
                new Program(
                        () -> network(settings(), null, dense(2, 4), output(4, 2)),
                        () -> data(
                                Data.normal(1, DataType.FLOAT, EXAMPLES, 2),
                                Data.oneHot(2, DataType.FLOAT, EXAMPLES, 2))));
        all.put(
                "regression, 1-50-50-1",
                new Program(
                        () -> network(
                                settings(),
                                null,
                                dense(1, 50),
                                dense(50, 50),
                                new OutputLayer.Builder(LossFunction.MSE)
                                        .activation(Activation.IDENTITY)
                                        .nIn(50)
                                        .nOut(1)
                                        .build()),
                        () -> data(
                                Data.normal(1, DataType.FLOAT, EXAMPLES, 1),
                                Data.normal(2, DataType.FLOAT, EXAMPLES, 1))));
        all.put("one softmax layer", rows(20, output(20, Nets.CLASSES)));
        all.put(
                "autoencoder",
                rows(20, new AutoEncoder.Builder().nIn(20).nOut(12).build(), head(12)));
        all.put(
                "conjugate gradient",
                new Program(
                        () -> network(
                                settings().optimizationAlgo(OptimizationAlgorithm.CONJUGATE_GRADIENT),
                                null,
                                dense(20, 12),
                                head(12)),
                        rows(20, head(20)).data()));
        all.put("convolutions and dense", images(convolution(), pooling(), dense(20), head()));
        all.put(
                "convolutions with batch normalisation",
                images(
                        convolution(),
                        new BatchNormalization(),
                        convolution(),
                        new BatchNormalization(),
                        dense(20),
                        head()));
        all.put(
                "separable convolution",
                images(new SeparableConvolution2D.Builder(3, 3).nOut(6).build(), new GlobalPoolingLayer(), head()));
        all.put(
                "convolution and its transpose",
                images(convolution(), new Deconvolution2D.Builder(2, 2).nOut(4).build(), dense(20), head()));
        all.put("convolution under a frozen layer", images(new FrozenLayer(convolution()), dense(20), head()));
        all.put(
                "dense with PReLU",
                rows(20, dense(20, 12), new PReLULayer.Builder().inputShape(12).build(), head(12)));
        all.put(
                "centre loss",
                rows(
                        20,
                        dense(20, 12),
                        new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
                                .activation(Activation.SOFTMAX)
                                .nIn(12)
                                .nOut(Nets.CLASSES)
                                .build()));
        all.put(
                "loss layer above dense",
                rows(
                        20,
                        dense(20, Nets.CLASSES),
                        new LossLayer.Builder(LossFunction.MSE)
                                .activation(Activation.IDENTITY)
                                .build()));
        all.put("LSTM for characters", series(new LSTM.Builder().nOut(20).build(), stepHead()));
        all.put("Graves LSTM", series(new GravesLSTM.Builder().nOut(20).build(), stepHead()));
        all.put(
                "bidirectional recurrent, last step",
                series(new Bidirectional(new SimpleRnn.Builder().nOut(20).build()), stepHead()));
        all.put(
                "last step of an LSTM",
                new Program(
                        () -> network(
                                settings(),
                                InputType.recurrent(6),
                                new LastTimeStep(new LSTM.Builder().nOut(12).build()),
                                dense(12),
                                head()),
                        () -> data(
                                Data.normal(1, DataType.FLOAT, EXAMPLES, 6, 7),
                                Data.oneHot(2, DataType.FLOAT, EXAMPLES, Nets.CLASSES))));
        all.put(
                "self-attention",
                series(
                        new SelfAttentionLayer.Builder()
                                .nOut(12)
                                .nHeads(2)
                                .projectInput(true)
                                .build(),
                        stepHead()));
        all.put(
                "words, pooled",
                new Program(
                        () -> network(
                                settings(),
                                InputType.feedForward(7),
                                new EmbeddingSequenceLayer.Builder()
                                        .nIn(30)
                                        .nOut(12)
                                        .inputLength(7)
                                        .build(),
                                new Convolution1DLayer.Builder(3).nOut(12).build(),
                                new GlobalPoolingLayer(),
                                head()),
                        () -> data(
                                Data.oneHot(1, DataType.FLOAT, EXAMPLES, 7),
                                Data.oneHot(2, DataType.FLOAT, EXAMPLES, Nets.CLASSES))));
        all.put(
                "two inputs, a residual and two outputs",
                new Program(
                        ExamplePrograms::branches,
                        () -> new MultiDataSet(
                                new INDArray[] {
                                    Data.normal(1, DataType.FLOAT, EXAMPLES, 6),
                                    Data.normal(2, DataType.FLOAT, EXAMPLES, 5)
                                },
                                new INDArray[] {
                                    Data.oneHot(3, DataType.FLOAT, EXAMPLES, Nets.CLASSES),
                                    Data.normal(4, DataType.FLOAT, EXAMPLES, 2)
                                })));
        return all;
    }

    static void train(Model network, MultiDataSet data, int steps) {
        for (int i = 0; i < steps; i++) {
            if (network instanceof org.deeplearning4j.nn.graph.ComputationGraph graph) {
                graph.fit(data);
            } else {
                ((org.deeplearning4j.nn.multilayer.MultiLayerNetwork) network)
                        .fit(new DataSet(data.getFeatures(0), data.getLabels(0)));
            }
        }
    }

    private static MultiDataSet data(INDArray features, INDArray labels) {
        return new MultiDataSet(features, labels);
    }

    private static NeuralNetConfiguration.Builder settings() {
        return Nets.settings(DataType.FLOAT, new Adam(0.01));
    }

    private static Model network(NeuralNetConfiguration.Builder settings, @Nullable InputType input, Layer... layers) {
        NeuralNetConfiguration.ListBuilder list = settings.list();
        for (Layer layer : layers) {
            list.layer(layer);
        }
        if (input != null) {
            list.setInputType(input);
        }
        return Nets.initialised(list.build());
    }

    private static Model branches() {
        return Nets.initialised(settings()
                .graphBuilder()
                .addInputs("left", "right")
                .addLayer("a", dense(6, 12), "left")
                .addLayer("b", dense(12, 12), "a")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "a", "b")
                .addLayer("c", dense(5, 12), "right")
                .addVertex("both", new MergeVertex(), "sum", "c")
                .addLayer("classes", head(24), "both")
                .addLayer(
                        "values",
                        new OutputLayer.Builder(LossFunction.MSE)
                                .activation(Activation.IDENTITY)
                                .nIn(24)
                                .nOut(2)
                                .build(),
                        "both")
                .setOutputs("classes", "values")
                .build());
    }

    private static Program rows(int inputs, Layer... layers) {
        return new Program(
                () -> network(settings(), null, layers),
                () -> data(
                        Data.normal(1, DataType.FLOAT, EXAMPLES, inputs),
                        Data.oneHot(2, DataType.FLOAT, EXAMPLES, Nets.CLASSES)));
    }

    private static Program images(Layer... layers) {
        return new Program(
                () -> network(settings(), InputType.convolutional(10, 10, 2), layers),
                () -> data(
                        Data.normal(1, DataType.FLOAT, EXAMPLES, 2, 10, 10),
                        Data.oneHot(2, DataType.FLOAT, EXAMPLES, Nets.CLASSES)));
    }

    private static Program series(Layer... layers) {
        return new Program(() -> network(settings(), InputType.recurrent(6), layers), () -> {
            DataSet series = Data.sequences(1, DataType.FLOAT, EXAMPLES, 6, Nets.CLASSES, 7);
            return data(series.getFeatures(), series.getLabels());
        });
    }

    private static Layer dense(int inputs, int outputs) {
        return Nets.dense(inputs, outputs);
    }

    private static Layer dense(int outputs) {
        return new DenseLayer.Builder()
                .nOut(outputs)
                .activation(Activation.RELU)
                .build();
    }

    private static Layer head(int inputs) {
        return Nets.head(inputs);
    }

    private static Layer head() {
        return output(0, Nets.CLASSES);
    }

    private static Layer output(int inputs, int classes) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(inputs)
                .nOut(classes)
                .build();
    }

    private static Layer stepHead() {
        return new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(Nets.CLASSES)
                .build();
    }

    private static Layer convolution() {
        return new ConvolutionLayer.Builder(3, 3)
                .nOut(4)
                .activation(Activation.RELU)
                .build();
    }

    private static Layer pooling() {
        return new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build();
    }
}
