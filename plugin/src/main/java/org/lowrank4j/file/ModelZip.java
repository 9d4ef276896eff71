package org.lowrank4j.file;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.TrainingState;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Writes the model zip of an adapted network: the entries that stock DL4J reads (configuration, effective weights,
 * normalizer) and {@link AdapterEntry} beside them, which stock DL4J ignores.
 *
 * <p>There is no {@code updaterState.bin}: DL4J demands a state for every parameter, and frozen weights have none. Stock
 * DL4J opens such a zip with a fresh updater.
 */
public final class ModelZip {

    private ModelZip() {}

    /**
     * Writes to a file, as {@link Replacement} says.
     *
     * @throws IOException if it cannot be written
     */
    public static void write(Model model, Path file, TrainingState state, @Nullable DataNormalization normalizer)
            throws IOException {
        Replacement.write(file, stream -> write(model, stream, state, normalizer));
    }

    /** Writes to a stream, which is flushed and left open. */
    public static void write(
            Model model, OutputStream stream, TrainingState state, @Nullable DataNormalization normalizer)
            throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(new LeftOpen(stream))) {
            zip.putNextEntry(new ZipEntry(ModelSerializer.CONFIGURATION_JSON));
            zip.write(configuration(model).getBytes(StandardCharsets.UTF_8));
            zip.putNextEntry(new ZipEntry(ModelSerializer.COEFFICIENTS_BIN));
            DataOutputStream coefficients = new DataOutputStream(new BufferedOutputStream(zip));
            Nd4j.write(model.params(), coefficients);
            coefficients.flush();
            if (normalizer != null) {
                zip.putNextEntry(new ZipEntry(ModelSerializer.NORMALIZER_BIN));
                NormalizerSerializer.getDefault().write(normalizer, zip);
            }
            zip.putNextEntry(new ZipEntry(AdapterEntry.NAME));
            AdapterEntry.write(zip, state, model.params());
        }
    }

    private static String configuration(Model model) {
        return model instanceof MultiLayerNetwork network
                ? network.getLayerWiseConfigurations().toJson()
                : ((ComputationGraph) model).getConfiguration().toJson();
    }

    /** The user's stream, which is not ours to close. */
    private static final class LeftOpen extends FilterOutputStream {
        LeftOpen(OutputStream stream) {
            super(stream);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
