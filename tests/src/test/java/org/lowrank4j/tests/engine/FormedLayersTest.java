package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PrimaryCapsules;
import org.deeplearning4j.nn.conf.layers.RecurrentAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Layers of every kind that run their own passes while matrices of theirs are adapted: one step of each against central
 * differences in double precision.
 */
class FormedLayersTest {

    private static final double RATE = 0.05;
    private static final int EXAMPLES = 4;
    private static final int CLASSES = 3;
    private static final DataType TYPE = DataType.DOUBLE;
    private static final InputType IMAGES = InputType.convolutional(6, 5, 3);
    private static final InputType VOLUMES = InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 5, 4, 4, 2);
    private static final InputType SERIES = InputType.recurrent(4, 5);

    /**
     * A network of one such layer under a pooling and an output layer.
     *
     * @param targets as {@link StepCheck#targets} names them
     * @param factor of DL4J's own gradients
     */
    record Kind(String name, Layer layer, InputType input, List<String> targets, double factor) {
        Kind(String name, Layer layer, InputType input, String... targets) {
            this(name, layer, input, List.of(targets), 1);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Kind> kinds() {
        return Stream.of(
                new Kind("convolution", convolution().build(), IMAGES, "0"),
                new Kind(
                        "convolution, strides and dilation",
                        new ConvolutionLayer.Builder(2, 2)
                                .stride(2, 1)
                                .dilation(2, 1)
                                .nOut(4)
                                .build(),
                        IMAGES,
                        "0"),
                new Kind(
                        "convolution, same, without bias",
                        convolution()
                                .convolutionMode(ConvolutionMode.Same)
                                .hasBias(false)
                                .build(),
                        IMAGES,
                        "0"),
                new Kind(
                        "convolution, channels last",
                        convolution().dataFormat(CNN2DFormat.NHWC).build(),
                        InputType.convolutional(6, 5, 3, CNN2DFormat.NHWC),
                        "0"),
                new Kind(
                        "convolution 1d",
                        new Convolution1DLayer.Builder(2).nOut(4).build(),
                        SERIES,
                        "0"),
                new Kind(
                        "convolution 1d, causal",
                        new Convolution1DLayer.Builder(2)
                                .nOut(4)
                                .convolutionMode(ConvolutionMode.Causal)
                                .build(),
                        SERIES,
                        "0"),
                new Kind(
                        "convolution 3d",
                        new Convolution3D.Builder(2, 2, 2).nOut(4).build(),
                        VOLUMES,
                        "0"),
                new Kind(
                        "deconvolution",
                        new Deconvolution2D.Builder(2, 2).stride(2, 2).nOut(4).build(),
                        IMAGES,
                        "0"),
                new Kind(
                        "deconvolution 3d",
                        new Deconvolution3D.Builder()
                                .kernelSize(2, 2, 2)
                                .nOut(4)
                                .build(),
                        VOLUMES,
                        "0"),
                new Kind(
                        "separable convolution",
                        new SeparableConvolution2D.Builder(2, 2)
                                .depthMultiplier(2)
                                .nOut(5)
                                .build(),
                        IMAGES,
                        "0/pW"),
                new Kind(
                        "depthwise convolution",
                        new DepthwiseConvolution2D.Builder(2, 2)
                                .depthMultiplier(2)
                                .build(),
                        IMAGES,
                        "0"),
                new Kind("lstm", new LSTM.Builder().nOut(5).build(), SERIES, "0", "0/RW"),
                new Kind("lstm, only recurrent", new LSTM.Builder().nOut(5).build(), SERIES, "0/RW"),
                new Kind("graves lstm", new GravesLSTM.Builder().nOut(5).build(), SERIES, "0", "0/RW"),
                new Kind("simple rnn", new SimpleRnn.Builder().nOut(5).build(), SERIES, "0", "0/RW"),
                new Kind(
                        "bidirectional",
                        new Bidirectional(
                                Bidirectional.Mode.CONCAT,
                                new LSTM.Builder().nOut(5).build()),
                        SERIES,
                        "0/fW",
                        "0/fRW",
                        "0/bW",
                        "0/bRW"),
                new Kind(
                        "bidirectional, added",
                        new Bidirectional(
                                Bidirectional.Mode.ADD,
                                new GravesLSTM.Builder().nOut(5).build()),
                        SERIES,
                        "0/fW",
                        "0/bRW"),
                new Kind(
                        "graves bidirectional",
                        new GravesBidirectionalLSTM.Builder().nOut(5).build(),
                        SERIES,
                        "0/WF",
                        "0/RWF",
                        "0/WB",
                        "0/RWB"),
                new Kind(
                        "mask zero",
                        new MaskZeroLayer(new LSTM.Builder().nIn(4).nOut(5).build(), 0),
                        SERIES,
                        "0",
                        "0/RW"),
                new Kind(
                        "time distributed",
                        new TimeDistributed(new DenseLayer.Builder()
                                .activation(Activation.TANH)
                                .nOut(5)
                                .build()),
                        SERIES,
                        "0"),
                new Kind(
                        "self attention",
                        new SelfAttentionLayer.Builder()
                                .nOut(6)
                                .nHeads(2)
                                .projectInput(true)
                                .build(),
                        SERIES,
                        List.of("0/Wq", "0/Wk", "0/Wv", "0/Wo"),
                        2),
                new Kind(
                        "primary capsules",
                        new PrimaryCapsules.Builder(2, 3)
                                .kernelSize(2, 2)
                                .stride(2, 1)
                                .hasBias(true)
                                .build(),
                        IMAGES,
                        List.of("0/weight"),
                        2),
                new Kind(
                        "recurrent attention",
                        new RecurrentAttentionLayer.Builder()
                                .nOut(6)
                                .nHeads(2)
                                .projectInput(true)
                                .build(),
                        SERIES,
                        List.of("0", "0/RW", "0/Wq", "0/Wk", "0/Wv", "0/Wo"),
                        2));
    }

    private static ConvolutionLayer.Builder convolution() {
        return new ConvolutionLayer.Builder(3, 2).nOut(4);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyMatrixHasTheGradientOfItsLoss(Kind kind) {
        check(kind, Map.of("bias", "none")).trained("2_W", "2_b").verify();
    }

    /** Vectors come to their place from the memory that all such layers write into. */
    @ParameterizedTest
    @MethodSource("withBiases")
    void biasesTrainBesideTheirMatrices(Kind kind, String biases) {
        String[] trained = ("2_W 2_b " + biases).split(" ");
        check(kind, Map.of("bias", "all")).trained(trained).verify();
    }

    static Stream<Arguments> withBiases() {
        Map<String, String> biases = Map.of(
                "convolution", "0_b",
                "separable convolution", "0_b",
                "lstm", "0_b",
                "simple rnn", "0_b",
                "bidirectional", "0_fb 0_bb",
                "time distributed", "0_b",
                "mask zero", "0_b");
        return kinds().filter(kind -> biases.containsKey(kind.name()))
                .map(kind -> Arguments.of(kind, biases.get(kind.name())));
    }

    @Test
    void embeddings() {
        check(
                        embedded(new EmbeddingSequenceLayer.Builder()
                                .nIn(7)
                                .nOut(5)
                                .inputLength(4)
                                .build()),
                        tokens(EXAMPLES, 4),
                        Map.of("layers", "0", "train", "only:2"))
                .targets("0")
                .trained("2_W", "2_b")
                .verify();
    }

    @Test
    void lastTimeStep() {
        MultiLayerConfiguration configuration = settings()
                .list()
                .layer(new LastTimeStep(new LSTM.Builder().nIn(4).nOut(5).build()))
                .layer(output(5))
                .build();
        check(configuration, data(SERIES), Map.of("layers", "type:LastTimeStep", "train", "only:1"))
                .targets("0", "0/RW")
                .trained("1_W", "1_b")
                .verify();
    }

    @Test
    void anAttentionVertex() {
        Supplier<ComputationGraph> program = () -> Nets.initialised(settings()
                .graphBuilder()
                .addInputs("in")
                .addVertex(
                        "attention",
                        new AttentionVertex.Builder()
                                .nInQueries(4)
                                .nInKeys(4)
                                .nInValues(4)
                                .nOut(6)
                                .nHeads(2)
                                .projectInput(true)
                                .build(),
                        "in",
                        "in",
                        "in")
                .addLayer("pool", new GlobalPoolingLayer.Builder().build(), "attention")
                .addLayer("out", output(6), "pool")
                .setOutputs("out")
                .build());
        DataSet data = data(SERIES);
        ComputationGraph adapted = Rules.during(
                Map.of("rank", "2", "alpha", "8", "layers", "attention/W[qv]", "train", "only:out"), () -> {
                    ComputationGraph graph = program.get();
                    for (int i = 0; i < 3; i++) {
                        graph.fit(data);
                    }
                    return graph;
                });
        new StepCheck(
                        adapted,
                        () -> adapted.fit(data),
                        program.get(),
                        stock -> ((ComputationGraph) stock).score(data, false),
                        RATE)
                .targets("attention/Wq", "attention/Wv")
                .trained("out_W", "out_b")
                .factor(2)
                .verify();
    }

    /** Noise on weights is DL4J's business: the gradient at the noisy weights is projected, as stock trains by it. */
    @Test
    void weightNoise() {
        Supplier<MultiLayerNetwork> program = () -> {
            MultiLayerNetwork network = Nets.initialised(settings()
                    .weightNoise(new DropConnect(0.7))
                    .list()
                    .layer(Nets.dense(4, 5))
                    .layer(output(5))
                    .build());
            Nd4j.getRandom().setSeed(3);
            return network;
        };
        DataSet data = Data.classes(11, TYPE, EXAMPLES, 4, CLASSES);
        MultiLayerNetwork stock = program.get();
        INDArray before = stock.getParam("0_W").dup();
        stock.fit(data);
        INDArray gradient = before.sub(stock.getParam("0_W")).divi(RATE);
        MultiLayerNetwork adapted =
                Rules.during(Map.of("rank", "2", "alpha", "8", "layers", "0", "train", "only:1"), program);
        List<String> said = CapturedErrors.of(() -> adapted.fit(data));
        assertTrue(said.stream().anyMatch(line -> line.contains("weight noise of layer0 falls on W")), said::toString);
        INDArray a = AdapterFile.factor(adapted, "layer0", "A");
        INDArray expected = a.transpose().mmul(gradient).muli(-RATE * 4);
        Nets.assertClose(expected, AdapterFile.factor(adapted, "layer0", "B"), 1e-9, "B after a step from 0");
    }

    static MultiLayerConfiguration embedded(Layer embedding) {
        return settings()
                .list()
                .layer(embedding)
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(output(5))
                .setInputType(InputType.recurrent(7, 4))
                .build();
    }

    static DataSet tokens(int examples, int length) {
        INDArray tokens = Nd4j.create(TYPE, examples, length);
        for (int i = 0; i < tokens.length(); i++) {
            tokens.putScalar(i, i * i % 5);
        }
        return new DataSet(tokens, Data.oneHot(12, TYPE, examples, CLASSES));
    }

    private static OutputLayer output(int inputs) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(inputs)
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static StepCheck check(MultiLayerConfiguration configuration, DataSet data, Map<String, String> rule) {
        Map<String, String> whole = new HashMap<>(rule);
        whole.put("rank", "2");
        whole.put("alpha", "8");
        MultiLayerNetwork adapted = Rules.during(whole, () -> {
            MultiLayerNetwork network = Nets.initialised(configuration.clone());
            for (int i = 0; i < 3; i++) {
                network.fit(data);
            }
            return network;
        });
        return new StepCheck(
                adapted,
                () -> adapted.fit(data),
                Nets.initialised(configuration.clone()),
                stock -> ((MultiLayerNetwork) stock).score(data, false),
                RATE);
    }

    private static StepCheck check(Kind kind, Map<String, String> more) {
        Map<String, String> rule = new HashMap<>(more);
        rule.put(
                "layers",
                String.join(
                        ",",
                        kind.targets().stream().map(FormedLayersTest::pattern).toList()));
        rule.put("train", "only:2");
        return check(configuration(kind), data(kind.input()), rule)
                .targets(kind.targets().toArray(new String[0]))
                .factor(kind.factor());
    }

    /** Each matrix by its own name, so that a layer's others stay. */
    static String pattern(String target) {
        return target.contains("/") ? target : target + "/W";
    }

    private static NeuralNetConfiguration.Builder settings() {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(TYPE)
                .updater(new Sgd(RATE))
                .activation(Activation.TANH)
                .biasInit(0.05);
    }

    static MultiLayerConfiguration configuration(Kind kind) {
        return settings()
                .list()
                .layer(kind.layer().clone())
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(kind.input())
                .build();
    }

    static DataSet data(InputType input) {
        long[] shape = input.getShape(true);
        shape[0] = EXAMPLES;
        INDArray features = Data.normal(11, TYPE, shape);
        return new DataSet(features, Data.oneHot(12, TYPE, EXAMPLES, CLASSES));
    }
}
