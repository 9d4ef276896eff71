package org.lowrank4j.tests.robustness;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.BaseFingerprint;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.file.ModelZip;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Small networks and adapters, and zips of them. The same seed gives the same. */
public final class Samples {

    public static final int INPUTS = 12;

    private Samples() {}

    public static MultiLayerNetwork network(long seed) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Sgd(0.1))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().name("one").nIn(INPUTS).nOut(10).build())
                .layer(new BatchNormalization.Builder().nOut(10).build())
                .layer(new DenseLayer.Builder().name("two").nIn(10).nOut(8).build())
                .layer(output())
                .build());
        network.init();
        return network;
    }

    static ComputationGraph graph(long seed) {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Sgd(0.1))
                .activation(Activation.TANH)
                .graphBuilder()
                .addInputs("in")
                .addLayer("one", new DenseLayer.Builder().nIn(INPUTS).nOut(10).build(), "in")
                .addLayer("two", new DenseLayer.Builder().nIn(10).nOut(8).build(), "one")
                .addLayer("out", output(), "two")
                .setOutputs("out")
                .build());
        graph.init();
        return graph;
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .name("out")
                .activation(Activation.SOFTMAX)
                .nIn(8)
                .nOut(3)
                .build();
    }

    public static INDArray random(long seed, long... shape) {
        Random random = new Random(seed);
        INDArray array = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, (float) (0.3 * random.nextGaussian()));
        }
        return array;
    }

    /** Of the layers "one" (rank 3) and "two" (rank 2, rsLoRA), with an output layer of its own. */
    public static Adapter adapter(long seed, Model base) {
        Map<String, LayerAdapter> layers = new LinkedHashMap<>();
        layers.put(
                "one", new LayerAdapter(random(seed, INPUTS, 3), random(seed + 1, 3, 10), 6, Scaling.STANDARD, null));
        layers.put("two", new LayerAdapter(random(seed + 2, 10, 2), random(seed + 3, 2, 8), 3, Scaling.RSLORA, null));
        return new Adapter(
                layers,
                Map.of("out", Map.of("W", random(seed + 4, 8, 3), "b", random(seed + 5, 3))),
                BaseFingerprint.of(base, layers.keySet()),
                Map.of("made", "for a test"));
    }

    /** State as a training of an adapter of rank 2 on the layer "one" saves it. */
    public static TrainingState state(long seed) {
        Map<String, INDArray> tensors = new TreeMap<>();
        tensors.put("adapter/one/A", random(seed, INPUTS, 2));
        tensors.put("adapter/one/B", random(seed + 1, 2, 10));
        return new TrainingState(
                Map.of("one", "update=lora gradient=exact rank=2 scale=4.0 shape=12x10"), Map.of(), tensors, false);
    }

    /** The zip of a network with such a state. */
    static byte[] zip(Model model, long seed) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ModelZip.write(NetworkState.of(model, state(seed)), bytes, null);
        return bytes.toByteArray();
    }

    /** The entries of a zip in their order. */
    static Map<String, byte[]> entries(byte[] zip) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.put(entry.getName(), in.readAllBytes());
            }
        }
        return entries;
    }

    /** A zip with correct checksums, whatever its entries hold. */
    static byte[] zipped(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                out.write(entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    static List<byte[]> filesIn(Path directory, String... names) throws IOException {
        byte[][] files = new byte[names.length][];
        for (int i = 0; i < names.length; i++) {
            files[i] = Files.readAllBytes(directory.resolve(names[i]));
        }
        return List.of(files);
    }
}
