package keras;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import measure.StepClock;
import measure.Table;
import measure.Way;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;
import org.deeplearning4j.nn.modelimport.keras.exceptions.InvalidKerasConfigurationException;
import org.deeplearning4j.nn.modelimport.keras.exceptions.UnsupportedKerasConfigurationException;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.util.FeatureUtil;

/**
 * A MobileNetV2 that was saved by Keras, without its head, learns to name the colour that prevails in a picture: by stock DL4J, and by
 * adapters beside its convolutions.
 */
public final class MobileNet {

    /** The vertex of the imported network that the new output layer looks at, and its numbers a picture. */
    private static final String FEATURES = "features";

    private static final int FEATURE_COUNT = 1280;
    private static final int SIDE = 96;
    private static final int COLOURS = 3;
    private static final int BATCH = 4;

    private final File keras;
    private final int steps;

    private MobileNet(File keras, int steps) {
        this.keras = keras;
        this.steps = steps;
    }

    /** Where to write, and Keras' HDF5 file; then, if wanted, the steps. */
    public static void main(String[] args) throws IOException {
        if (args.length < 2 || !new File(args[1]).isFile()) {
            System.err.println("Arguments: the directory to write to, and the HDF5 file of a MobileNetV2 from Keras.");
            System.exit(2);
        }
        Path out = Files.createDirectories(Path.of(args[0]));
        MobileNet program = new MobileNet(new File(args[1]), args.length > 2 ? Integer.parseInt(args[2]) : 20);
        Way full = new Way("full training");
        Way head = new Way("output layer");
        Way adapters = new Way("adapters");
        program.run(full, out, clock -> program.tune("", 1e-3, clock));
        program.run(head, out, clock -> program.tune(FEATURES, 1e-3, clock));
        program.run(adapters, out, clock -> program.adapters(1e-3, clock));
        Table.print("right, %", "%.0f", List.of(full, head, adapters));
    }

    /** The score is that of the file which was saved, opened again. */
    private void run(Way way, Path out, Way.Training training) throws IOException {
        File saved = out.resolve(way.name().replace(' ', '-') + ".zip").toFile();
        way.run(
                training,
                saved,
                network -> 100 * network.evaluate(pictures(12, 2)).accuracy());
    }

    /** The annotation is all that is new: {@link #tune} is what a program does for transfer learning anyway. */
    @LowRank(rank = 8)
    private ComputationGraph adapters(double rate, StepClock clock) throws IOException {
        return tune("", rate, clock);
    }

    /** The imported network under a new output layer; what is below and at {@code frozen} stays as it is, and nothing if it is empty. */
    private ComputationGraph tune(String frozen, double rate, StepClock clock) throws IOException {
        TransferLearning.GraphBuilder builder = new TransferLearning.GraphBuilder(imported())
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(rate))
                        .seed(1)
                        .build());
        if (!frozen.isEmpty()) {
            builder.setFeatureExtractor(frozen);
        }
        ComputationGraph network = builder.addLayer(
                        "out",
                        new OutputLayer.Builder()
                                .nIn(FEATURE_COUNT)
                                .nOut(COLOURS)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        FEATURES)
                .setOutputs("out")
                .build();
        network.setListeners(clock);
        network.fit(pictures(steps, 1));
        return network;
    }

    private ComputationGraph imported() throws IOException {
        try {
            return KerasModelImport.importKerasModelAndWeights(keras.getPath(), false);
        } catch (InvalidKerasConfigurationException | UnsupportedKerasConfigurationException refused) {
            throw new IOException(keras + " cannot be imported.", refused);
        }
    }

    /** Noise, 0 to 1, in which one of red, green and blue is brighter; channels last, as Keras has them. */
    private static ListDataSetIterator<DataSet> pictures(int batches, long seed) {
        Nd4j.getRandom().setSeed(seed);
        Random random = new Random(seed);
        return new ListDataSetIterator<>(
                random.ints(batches, 0, Integer.MAX_VALUE)
                        .mapToObj(first -> {
                            INDArray pixels = Nd4j.rand(DataType.FLOAT, BATCH, SIDE, SIDE, COLOURS)
                                    .muli(0.7);
                            int[] colours = new int[BATCH];
                            for (int i = 0; i < BATCH; i++) {
                                colours[i] = (first % COLOURS + i) % COLOURS;
                                pixels.get(
                                                NDArrayIndex.point(i),
                                                NDArrayIndex.all(),
                                                NDArrayIndex.all(),
                                                NDArrayIndex.point(colours[i]))
                                        .addi(0.3);
                            }
                            return new DataSet(pixels, FeatureUtil.toOutcomeMatrix(colours, COLOURS));
                        })
                        .toList(),
                1);
    }
}
