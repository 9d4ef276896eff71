package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.kind.PeftForm;
import org.lowrank4j.network.NetworkWeights;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** What PEFT's layers make of the files is what this library makes of the weights. */
class PeftFormTest {

    private static final double SCALE = 1.5;

    @TempDir
    Path directory;

    /**
     * One layer.
     *
     * @param key of its matrix
     * @param a name and shape of A in the file
     * @param b name and shape of B in the file
     * @param weight the same entry of DL4J's array as the PyTorch weight's with these indices
     */
    private record Case(
            Layer layer,
            InputType input,
            String key,
            String a,
            long[] shapeOfA,
            String b,
            long[] shapeOfB,
            BiFunction<INDArray, long[], Double> weight) {

        @Override
        public String toString() {
            return layer.getClass().getSimpleName();
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(
                        new Convolution1DLayer.Builder(2).nOut(4).build(),
                        InputType.recurrent(3, 6),
                        "in",
                        "in.lora_A.weight",
                        new long[] {2, 3, 2},
                        "in.lora_B.weight",
                        new long[] {4, 2, 1},
                        // The memory is [step, channel, output], whatever the shape says.
                        (array, at) -> array.dup('c').data().getDouble((at[2] * 3 + at[1]) * 4 + at[0])),
                new Case(
                        new ConvolutionLayer.Builder(3, 2).nOut(4).build(),
                        InputType.convolutional(6, 5, 3),
                        "in",
                        "in.lora_A.weight",
                        new long[] {2, 3, 3, 2},
                        "in.lora_B.weight",
                        new long[] {4, 2, 1, 1},
                        INDArray::getDouble),
                new Case(
                        new Convolution3D.Builder(2, 3, 2).nOut(4).build(),
                        InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 5, 4, 4, 2),
                        "in",
                        "in.lora_A.weight",
                        new long[] {2, 2, 2, 3, 2},
                        "in.lora_B.weight",
                        new long[] {4, 2, 1, 1, 1},
                        INDArray::getDouble),
                new Case(
                        new SeparableConvolution2D.Builder(2, 2)
                                .depthMultiplier(2)
                                .nOut(4)
                                .build(),
                        InputType.convolutional(6, 5, 3),
                        "in/pW",
                        "in.pW.lora_A.weight",
                        new long[] {2, 6, 1, 1},
                        "in.pW.lora_B.weight",
                        new long[] {4, 2, 1, 1},
                        INDArray::getDouble),
                new Case(
                        new EmbeddingSequenceLayer.Builder()
                                .nIn(7)
                                .nOut(5)
                                .inputLength(4)
                                .build(),
                        InputType.recurrent(7, 4),
                        "in",
                        "in.lora_embedding_A",
                        new long[] {2, 7},
                        "in.lora_embedding_B",
                        new long[] {5, 2},
                        (array, at) -> array.getDouble(at[1], at[0])),
                new Case(
                        new LSTM.Builder().nOut(4).build(),
                        InputType.recurrent(3, 6),
                        "in/RW",
                        "in.RW.lora_A.weight",
                        new long[] {2, 4},
                        "in.RW.lora_B.weight",
                        new long[] {16, 2},
                        (array, at) -> array.getDouble(at[1], at[0])));
    }

    private static MultiLayerNetwork network(Layer layer, InputType input) {
        layer.setLayerName("in");
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(0.1))
                .list()
                .layer(layer)
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(new OutputLayer.Builder().name("out").nOut(3).build())
                .setInputType(input)
                .build());
        network.init();
        return network;
    }

    /** The adapter of one matrix, with magnitudes or without. */
    private static Adapter adapter(MultiLayerNetwork network, String key, boolean dora) {
        NetworkWeights weights = NetworkWeights.of(network);
        INDArray matrix = weights.matrix(key);
        INDArray magnitude = dora ? Nd4j.linspace(1, 2, matrix.size(1), DataType.DOUBLE) : null;
        LayerAdapter layer = new LayerAdapter(
                        SmallNetworks.random(1, matrix.size(0), 2),
                        SmallNetworks.random(2, 2, matrix.size(1)),
                        2 * SCALE,
                        Scaling.STANDARD,
                        magnitude)
                .in(weights.place(key).parameter(), Fit.form(weights, key));
        return new Adapter(Map.of(key, layer), Map.of(), BaseFingerprint.of(network, List.of(key)), Map.of());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theFilesChangeTheWeightAsInPeft(Case of) throws IOException {
        MultiLayerNetwork network = network(of.layer(), of.input());
        Adapter adapter = adapter(network, of.key(), false);
        PeftDirectory.write(adapter, directory);
        Map<String, INDArray> tensors =
                Safetensors.read(directory.resolve(PeftDirectory.TENSORS)).tensors();
        assertEquals(2, tensors.size());
        INDArray a = tensors.get("base_model.model." + of.a());
        INDArray b = tensors.get("base_model.model." + of.b());
        assertArrayEquals(of.shapeOfA(), a.shape());
        assertArrayEquals(of.shapeOfB(), b.shape());

        String parameter = "0_" + adapter.layer(of.key()).parameter();
        INDArray before = network.getParam(parameter).dup();
        AdapterSet set = AdapterSet.on(network);
        Adapter read = PeftDirectory.read(directory);
        assertEquals(adapter.layer(of.key()).a(), read.layer(of.key()).a());
        assertEquals(adapter.layer(of.key()).b(), read.layer(of.key()).b());
        assertEquals(adapter.layer(of.key()).form(), read.layer(of.key()).form());
        set.add("read", read);
        set.activate("read");
        INDArray after = network.getParam(parameter);

        // The weight of PyTorch's layer: [nOut, channels, kernel ..], nOut x nIn, or of an embedding its transpose.
        long[] shape = of.shapeOfA().clone();
        shape[0] = of.shapeOfB()[0];
        long count = Arrays.stream(shape).reduce(1, (one, other) -> one * other);
        for (long i = 0; i < count; i++) {
            long[] at = index(i, shape);
            double expected = 0;
            for (int j = 0; j < 2; j++) {
                long[] filter = at.clone();
                filter[0] = j;
                long[] place = new long[shape.length];
                place[0] = at[0];
                place[1] = j;
                expected += SCALE * b.getDouble(place) * a.getDouble(filter);
            }
            double change = of.weight().apply(after, at) - of.weight().apply(before, at);
            assertEquals(expected, change, 1e-12, () -> Arrays.toString(at));
        }
    }

    private static long[] index(long position, long[] shape) {
        long[] at = new long[shape.length];
        long rest = position;
        for (int i = shape.length - 1; i >= 0; i--) {
            at[i] = rest % shape[i];
            rest /= shape[i];
        }
        return at;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void magnitudesAreOneForEachOutput(Case of) throws IOException {
        MultiLayerNetwork network = network(of.layer(), of.input());
        Adapter adapter = adapter(network, of.key(), true);
        PeftDirectory.write(adapter, directory);
        String module = of.a().substring(0, of.a().indexOf(".lora_"));
        long[] shape = Safetensors.read(directory.resolve(PeftDirectory.TENSORS))
                .tensors()
                .get("base_model.model." + module + ".lora_magnitude_vector")
                .shape();
        long outputs = of.shapeOfB()[0];
        assertEquals(outputs, Arrays.stream(shape).reduce(1, (one, other) -> one * other));
        // A PEFT convolution keeps them as [1, nOut, 1 ..].
        assertEquals(of.shapeOfA().length > 2 ? of.shapeOfA().length : 1, shape.length);
        assertEquals(
                adapter.layer(of.key()).magnitude(),
                PeftDirectory.read(directory).layer(of.key()).magnitude());
    }

    @Test
    void aLayerThatIsCalledLikeAMatrixOfAnotherIsRefused() {
        MultiLayerNetwork network = network(new LSTM.Builder().nOut(4).build(), InputType.recurrent(3, 6));
        Map<String, LayerAdapter> layers =
                new LinkedHashMap<>(adapter(network, "in/RW", false).layers());
        layers.put("in.RW", SmallNetworks.layer(4, 5, 6, 2));
        assertRefused("two modules of the name in.RW", new Adapter(layers));
        Adapter whole = adapter(network, "in/RW", false)
                .withParameters(Map.of("in.RW", Map.of("W", SmallNetworks.random(5, 3, 4))));
        assertRefused("two modules of the name in.RW", whole);
    }

    private void assertRefused(String why, Adapter adapter) {
        String message = assertThrows(LowRankException.class, () -> PeftDirectory.write(adapter, directory))
                .getMessage();
        assertTrue(message.contains(why), message);
    }

    @Test
    void anotherKernelOfTheSameSizeIsRefused() {
        MultiLayerNetwork high =
                network(new ConvolutionLayer.Builder(3, 1).nOut(4).build(), InputType.convolutional(6, 5, 3));
        MultiLayerNetwork wide =
                network(new ConvolutionLayer.Builder(1, 3).nOut(4).build(), InputType.convolutional(6, 5, 3));
        Adapter adapter = new Adapter(adapter(high, "in", false).layers());
        String message = assertThrows(
                        LowRankException.class, () -> AdapterSet.on(wide).add("other", adapter))
                .getMessage();
        assertTrue(message.contains("the kernel [3, 1], and the network has [1, 3] there"), message);
    }

    @Test
    void aKeyNamesTheParameterOfItsAdapter() {
        LayerAdapter layer = SmallNetworks.layer(4, 5, 6, 2).in("RW", PeftForm.PLAIN);
        for (String key : new String[] {"lstm", "lstm/W", "/RW"}) {
            assertThrows(LowRankException.class, () -> new Adapter(Map.of(key, layer)), key);
        }
        Adapter renamed = new Adapter(Map.of("lstm/RW", layer)).renamed(name -> name + "2");
        assertEquals("[lstm2/RW]", renamed.layers().keySet().toString());
    }

    @Test
    void aLayerWithASlashInItsNameStaysALayer() throws IOException {
        Adapter adapter = new Adapter(Map.of("block/RW", SmallNetworks.layer(4, 5, 6, 2)));
        PeftDirectory.write(adapter, directory);
        Adapter read = PeftDirectory.read(directory);
        assertEquals("[block/RW]", read.layers().keySet().toString());
        assertEquals("W", read.layer("block/RW").parameter());
    }

    @Test
    void twoMatricesOfOneKeyAreToldApartByNobody() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new LSTM.Builder().name("in").nIn(3).nOut(4).build())
                .layer(new DenseLayer.Builder().name("in/RW").nIn(4).nOut(4).build())
                .layer(new OutputLayer.Builder().name("out").nIn(4).nOut(3).build())
                .build());
        network.init();
        String message = assertThrows(LowRankException.class, () -> BaseFingerprint.of(network, List.of("in/RW")))
                .getMessage();
        assertTrue(message.contains("in/RW means two matrices"), message);
    }
}
