package org.lowrank4j.examples.digits;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.file.Replacement;

/**
 * What one fine-tuning run measured inside its own JVM.
 *
 * @param accuracy share of new-domain test digits recognised, 0 to 1
 * @param kept the same for upright digits
 * @param msPerStep median milliseconds of a training step
 * @param trainable parameters that DL4J itself would train
 * @param parameters all parameters of the network
 * @param trainingBytes bytes of DL4J's gradient vector and updater state; 0 if the network has neither
 */
record RunResult(double accuracy, double kept, double msPerStep, long trainable, long parameters, long trainingBytes) {

    static RunResult of(MultiLayerNetwork model, double accuracy, double kept, LossLog losses) {
        long trainable = 0;
        for (Layer layer : model.getLayers()) {
            trainable += layer instanceof FrozenLayer ? 0 : layer.numParams();
        }
        long bytes = 0;
        if (model.getFlattenedGradients() != null) {
            bytes += model.getFlattenedGradients().length() * Float.BYTES;
        }
        // Asked for with false, which does not make an updater only to count it.
        Updater updater = model.getUpdater(false);
        if (updater != null && updater.getStateViewArray() != null) {
            bytes += updater.getStateViewArray().length() * Float.BYTES;
        }
        return new RunResult(accuracy, kept, losses.medianMillis(), trainable, model.numParams(), bytes);
    }

    /** Writes {@code key=value} lines. */
    void write(Path file) throws IOException {
        Replacement.write(
                file,
                List.of(
                        String.format(Locale.ROOT, "accuracy=%.6f", accuracy),
                        String.format(Locale.ROOT, "kept=%.6f", kept),
                        String.format(Locale.ROOT, "msPerStep=%.4f", msPerStep),
                        "trainable=" + trainable,
                        "parameters=" + parameters,
                        "trainingBytes=" + trainingBytes));
    }

    /** Reads what {@link #write} wrote. */
    static RunResult read(Path file) throws IOException {
        Properties values = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            values.load(reader);
        }
        return new RunResult(
                Double.parseDouble(required(values, "accuracy", file)),
                Double.parseDouble(required(values, "kept", file)),
                Double.parseDouble(required(values, "msPerStep", file)),
                Long.parseLong(required(values, "trainable", file)),
                Long.parseLong(required(values, "parameters", file)),
                Long.parseLong(required(values, "trainingBytes", file)));
    }

    private static String required(Properties values, String key, Path file) throws IOException {
        String value = values.getProperty(key);
        if (value == null) {
            throw new IOException(file + " has no line " + key + "=.");
        }
        return value;
    }
}
