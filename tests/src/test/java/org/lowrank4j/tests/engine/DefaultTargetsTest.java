package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What a rule that names no layers adapts: the matrices of all kinds, once trained, but of outputs, depthwise and embeddings. */
class DefaultTargetsTest {

    private static final DataType TYPE = DataType.FLOAT;
    private static final DataSet IMAGES =
            new DataSet(Data.normal(1, TYPE, 6, 2, 8, 8), Data.oneHot(2, TYPE, 6, Nets.CLASSES));
    private static final DataSet TOKENS =
            new DataSet(Data.oneHot(1, TYPE, 6, 7), Data.oneHot(2, TYPE, 6, Nets.CLASSES));

    private static MultiLayerNetwork network(InputType input, Layer... layers) {
        var list =
                Nets.settings(TYPE, new Adam(0.01)).activation(Activation.TANH).list();
        Stream.of(layers).forEach(list::layer);
        return Nets.initialised(list.layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(Nets.CLASSES)
                        .build())
                .setInputType(input)
                .build());
    }

    private static MultiLayerNetwork pictures() {
        return network(
                InputType.convolutional(8, 8, 2),
                new ConvolutionLayer.Builder(3, 3).nOut(4).build(),
                new BatchNormalization(),
                new DepthwiseConvolution2D.Builder(2, 2).depthMultiplier(1).build(),
                new SeparableConvolution2D.Builder(2, 2).nOut(5).build(),
                new Deconvolution2D.Builder(2, 2).nOut(3).build(),
                new DenseLayer.Builder().nOut(6).build());
    }

    private static MultiLayerNetwork words() {
        return network(
                InputType.feedForward(7),
                new EmbeddingSequenceLayer.Builder()
                        .nIn(9)
                        .nOut(6)
                        .inputLength(7)
                        .build(),
                new Convolution1DLayer.Builder(2).nOut(5).build(),
                new Bidirectional(
                        Bidirectional.Mode.CONCAT, new LSTM.Builder().nOut(4).build()),
                new SelfAttentionLayer.Builder()
                        .nOut(6)
                        .nHeads(2)
                        .projectInput(true)
                        .build(),
                new GlobalPoolingLayer());
    }

    /** The same network as a file would give it, with one step behind it. */
    private static MultiLayerNetwork trained(MultiLayerNetwork network, DataSet batch) {
        network.fit(batch);
        return restored(AdapterFile.zip(network));
    }

    private static MultiLayerNetwork restored(byte[] zip) {
        try {
            return ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static MultiLayerNetwork under(Map<String, String> rule, MultiLayerNetwork base) {
        return Rules.during(rule, base::clone);
    }

    private static void fit(NeuralNetwork network, DataSet batch, int steps) {
        for (int i = 0; i < steps; i++) {
            network.fit(batch);
        }
    }

    private static Set<String> moved(MultiLayerNetwork before, MultiLayerNetwork after) {
        Set<String> moved = new TreeSet<>();
        before.paramTable().forEach((name, value) -> {
            if (!value.equalsWithEps(after.getParam(name), 0)) {
                moved.add(name);
            }
        });
        return moved;
    }

    @Test
    void allMatricesOfTrainedLayersAreAdapted() {
        MultiLayerNetwork pictures = trained(pictures(), IMAGES);
        MultiLayerNetwork adapted = under(Map.of("rank", "2"), pictures);
        fit(adapted, IMAGES, 2);
        assertEquals(Set.of("0_W", "3_pW", "4_W", "5_W", "6_W", "6_b"), moved(pictures, adapted));

        MultiLayerNetwork words = trained(words(), TOKENS);
        MultiLayerNetwork adaptedWords = under(Map.of("rank", "2"), words);
        fit(adaptedWords, TOKENS, 2);
        assertEquals(
                Set.of("1_W", "2_fW", "2_fRW", "2_bW", "2_bRW", "3_Wq", "3_Wk", "3_Wv", "3_Wo", "5_W", "5_b"),
                moved(words, adaptedWords));
    }

    @Test
    void theOthersAreAdaptedIfTheyAreNamed() {
        MultiLayerNetwork pictures = trained(pictures(), IMAGES);
        MultiLayerNetwork adapted = under(Map.of("rank", "2", "layers", "type:DepthwiseConvolution2D"), pictures);
        fit(adapted, IMAGES, 2);
        assertEquals(Set.of("2_W", "6_W", "6_b"), moved(pictures, adapted));

        MultiLayerNetwork words = trained(words(), TOKENS);
        MultiLayerNetwork adaptedWords =
                under(Map.of("rank", "2", "layers", "type:EmbeddingSequenceLayer:type:Bidirectional/.RW"), words);
        fit(adaptedWords, TOKENS, 2);
        assertEquals(Set.of("0_W", "2_fRW", "2_bRW", "5_W", "5_b"), moved(words, adaptedWords));
    }

    static Stream<Map<String, String>> methods() {
        Methods methods = Methods.load();
        return Stream.of(
                        methods.initialisations().stream().map(one -> Map.of("init", one.name())),
                        methods.gradients().stream().map(one -> Map.of("gradient", one.name())),
                        methods.updates().stream().map(one -> Map.of("update", one.name())))
                .flatMap(all -> all)
                // These ask for a file.
                .filter(method -> !method.containsValue("adapter") && !method.containsValue("eora"));
    }

    /** What a method cannot have of the default is left out, and nothing stops. */
    @ParameterizedTest
    @MethodSource("methods")
    void noMethodStopsAtADefault(Map<String, String> method) {
        Map<String, String> rule = new HashMap<>(method);
        rule.put("rank", "2");
        if (method.containsValue("adalora")) {
            rule.put("adalora.total-steps", "100");
        } else if (method.containsValue("random-subspace")) {
            rule.put("random-subspace.dimension", "20");
        }
        for (DataSet batch : List.of(IMAGES, TOKENS)) {
            MultiLayerNetwork base = trained(batch == IMAGES ? pictures() : words(), batch);
            MultiLayerNetwork network = under(rule, base);
            List<String> said =
                    CapturedErrors.of(() -> network.fit(new SeenBatches(List.of(batch, batch), taken -> {})));
            assertTrue(Double.isFinite(network.score()), "loss");
            Nets.assertMoved(base.params(), network.params(), "the network");
            boolean blind = batch == TOKENS
                    && method.containsKey("init")
                    && Methods.load().initialisation(method.get("init"), "test").need() == Initialisation.Need.INPUTS;
            assertEquals(
                    blind ? 1 : 0,
                    CapturedErrors.containing(said, "trains as stock").size(),
                    said::toString);
        }
    }

    @Test
    void aNetworkWhoseTargetsAMethodCannotStartSaysWhy() {
        MultiLayerNetwork network = under(Map.of("rank", "2", "init", "eva"), trained(words(), TOKENS));
        List<String> said = CapturedErrors.of(() -> network.fit(new SeenBatches(List.of(TOKENS), taken -> {})));
        List<String> stock = CapturedErrors.containing(said, "trains as stock");
        assertEquals(1, stock.size(), said::toString);
        assertTrue(
                stock.get(0)
                        .contains("none of its layers can be adapted as the rule says (Convolution1DLayer: init eva"),
                stock::toString);
    }

    /** A zip of the time when dense layers alone were adapted by default goes on with these. */
    @Test
    void aTrainingOfDenseLayersAloneGoesOnAsItWas() {
        MultiLayerNetwork base = trained(pictures(), IMAGES);
        Map<String, String> dense = Map.of("rank", "2", "layers", "type:DenseLayer");
        MultiLayerNetwork through = under(dense, base);
        fit(through, IMAGES, 2);
        byte[] zip = AdapterFile.zip(through);
        fit(through, IMAGES, 2);
        MultiLayerNetwork resumed = Rules.during(Map.of("rank", "2"), () -> restored(zip));
        List<String> said = CapturedErrors.of(() -> fit(resumed, IMAGES, 2));
        assertEquals(Set.of("5_W", "6_W", "6_b"), moved(base, resumed));
        Nets.assertSame(through.params(), resumed.params(), "parameters");
        assertEquals(0, CapturedErrors.containing(said, "do not fit").size(), said::toString);
    }

    @Test
    void aConstraintThatAnUpdateCannotHoldLeavesALayerOutUnlessItIsNamed() {
        MultiLayerNetwork base = trained(
                network(
                        InputType.convolutional(8, 8, 2),
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(4)
                                .constrainWeights(new NonNegativeConstraint())
                                .build(),
                        new DenseLayer.Builder().nOut(6).build()),
                IMAGES);
        MultiLayerNetwork adapted = under(Map.of("update", "maestro"), base);
        List<String> said = CapturedErrors.of(() -> fit(adapted, IMAGES, 2));
        assertEquals(Set.of("1_W", "2_W", "2_b"), moved(base, adapted));
        assertTrue(String.join(" ", said).contains("cannot hold"), said::toString);

        MultiLayerNetwork named = under(Map.of("update", "maestro", "layers", "0"), base);
        refused(named, IMAGES, "'layer0'", "update maestro cannot hold the constraints on W (NonNegativeConstraint)");
    }

    private static void refused(MultiLayerNetwork network, DataSet batch, String... parts) {
        INDArray before = network.params().dup();
        String message = String.valueOf(
                assertThrows(RuntimeException.class, () -> network.fit(batch)).getMessage());
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
        Nets.assertSame(before, network.params(), "parameters");
    }

    private static MultiLayerNetwork series(RNNFormat format) {
        return network(
                InputType.recurrent(4, 5, format),
                new Convolution1DLayer.Builder(2).rnnDataFormat(format).nOut(4).build(),
                new GlobalPoolingLayer.Builder().build(),
                new DenseLayer.Builder().nOut(6).build());
    }

    /** DL4J cannot train it, but can leave it as it is. Here pooling takes its four steps for its four channels. */
    @Test
    void aOneDimensionalConvolutionWithChannelsLastIsLeftOutUnlessItIsNamed() {
        DataSet batch = new DataSet(Data.normal(1, TYPE, 6, 5, 4), Data.oneHot(2, TYPE, 6, Nets.CLASSES));
        MultiLayerNetwork base = series(RNNFormat.NWC);
        base.setParams(base.params().mul(1.5));

        MultiLayerNetwork adapted = under(Map.of("rank", "2"), base);
        fit(adapted, batch, 2);
        assertEquals(Set.of("2_W", "3_W", "3_b"), moved(base, adapted));

        refused(under(Map.of("rank", "2", "layers", "0"), base), batch, "'layer0' (Convolution1DLayer)", "NWC");
    }

    @Test
    void whatALayerHasNotIsRefused() {
        MultiLayerNetwork pictures = trained(pictures(), IMAGES);
        refused(under(Map.of("rank", "2", "layers", "layer0/RW"), pictures), IMAGES, "layer0/RW", "layer0");
        refused(
                under(Map.of("rank", "2", "layers", "type:ConvolutionLayer/pW"), pictures),
                IMAGES,
                "ConvolutionLayer/pW");
        refused(under(Map.of("rank", "2", "layers", "layer3/W"), pictures), IMAGES, "layer3/W", "pW");
        refused(
                under(Map.of("rank", "2", "rank@layer0", "19"), pictures),
                IMAGES,
                "rank 19",
                "'layer0' (ConvolutionLayer, W 18 x 4)",
                "its largest rank is 4");
        MultiLayerNetwork words = trained(words(), TOKENS);
        refused(under(Map.of("rank", "2", "layers", "layer2/fRV"), words), TOKENS, "layer2/fRV", "fRW");
    }

    /** DL4J's own passes run it, as the noise is drawn there. */
    @Test
    void weightNoiseIsNoObstacle() {
        DataSet batch = IMAGES;
        MultiLayerNetwork base = trained(
                network(
                        InputType.convolutional(8, 8, 2),
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(4)
                                .weightNoise(new DropConnect(0.7))
                                .build(),
                        new DenseLayer.Builder().nOut(6).build()),
                batch);
        MultiLayerNetwork adapted = under(Map.of("rank", "2"), base);
        fit(adapted, batch, 2);
        assertEquals(Set.of("0_W", "1_W", "2_W", "2_b"), moved(base, adapted));
    }
}
