package digits;

import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/**
 * What one fine-tuning left in its directory.
 *
 * @param accuracy share of new-domain test digits recognised, 0 to 1
 * @param kept the same for upright digits
 * @param millis median milliseconds of a training step
 * @param trained parameters that were trained
 * @param trainingBytes bytes of gradient and updater state
 * @param adapterBytes compressed size of the adapter in the model zip; 0 if there is none
 * @param losses training loss of each step
 */
public record Result(
        double accuracy,
        double kept,
        double millis,
        long trained,
        long trainingBytes,
        long adapterBytes,
        double[] losses) {

    private static final String FILE = "result.properties";
    private static final String MODEL = "model.zip";

    /** Weight of the past in the running mean of the loss: it looks back about 10 steps. */
    private static final double MEMORY = 0.9;

    /** Saves the model, and beside it what DL4J itself would train and keep for that. */
    static void write(Path directory, MultiLayerNetwork model, double accuracy, double kept, double millis)
            throws IOException {
        long trained = 0;
        for (Layer layer : model.getLayers()) {
            trained += layer instanceof FrozenLayer ? 0 : layer.numParams();
        }
        long numbers = model.getFlattenedGradients() == null
                ? 0
                : model.getFlattenedGradients().length();
        // Asked for with false, which does not make an updater only to count it.
        Updater updater = model.getUpdater(false);
        if (updater != null && updater.getStateViewArray() != null) {
            numbers += updater.getStateViewArray().length();
        }
        model.save(new File(directory.toFile(), MODEL), true);
        Files.write(
                directory.resolve(FILE),
                List.of(
                        "accuracy=" + accuracy,
                        "kept=" + kept,
                        "millis=" + millis,
                        "trained=" + trained,
                        "trainingBytes=" + numbers * Float.BYTES));
    }

    /**
     * Reads a run's directory.
     *
     * @param errors the run's error stream, where the agent says what it trains, of which the program does not know; empty
     *     without the agent
     */
    static Result read(Path directory, List<String> errors) throws IOException {
        Properties values = new Properties();
        try (Reader reader = Files.newBufferedReader(directory.resolve(FILE))) {
            values.load(reader);
        }
        AgentReport report = errors.isEmpty()
                ? new AgentReport(
                        Long.parseLong(values.getProperty("trained")),
                        Long.parseLong(values.getProperty("trainingBytes")))
                : AgentReport.last(errors);
        return new Result(
                Double.parseDouble(values.getProperty("accuracy")),
                Double.parseDouble(values.getProperty("kept")),
                Double.parseDouble(values.getProperty("millis")),
                report.trainable(),
                report.trainingBytes(),
                adapterBytes(directory.resolve(MODEL)),
                LossLog.read(directory));
    }

    private static long adapterBytes(Path model) throws IOException {
        long bytes = 0;
        try (ZipFile zip = new ZipFile(model.toFile())) {
            for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
                ZipEntry entry = entries.nextElement();
                bytes += entry.getName().startsWith("lowrank/") ? entry.getCompressedSize() : 0;
            }
        }
        return bytes;
    }

    /** The running mean of the loss, corrected for its empty start so that the first value is the first loss. */
    public double[] smoothLosses() {
        return smooth(losses);
    }

    /** Exponential running mean, corrected for its empty start. */
    public static double[] smooth(double[] losses) {
        double[] smooth = new double[losses.length];
        double sum = 0;
        double weight = 0;
        for (int i = 0; i < losses.length; i++) {
            sum = MEMORY * sum + (1 - MEMORY) * losses[i];
            weight = MEMORY * weight + (1 - MEMORY);
            smooth[i] = sum / weight;
        }
        return smooth;
    }
}
