package org.lowrank4j.file;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
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

    /** What belongs to weights that are replaced. */
    private static final Set<String> OF_THE_WEIGHTS =
            Set.of(ModelSerializer.COEFFICIENTS_BIN, ModelSerializer.UPDATER_BIN, AdapterEntry.NAME);

    private ModelZip() {}

    /**
     * Writes to a file, as {@link Replacement} says.
     *
     * @throws IOException if it cannot be written
     */
    public static void write(NetworkState network, Path file, @Nullable DataNormalization normalizer)
            throws IOException {
        Replacement.write(file, stream -> write(network, stream, normalizer));
    }

    /** Writes to a stream, which is flushed and left open. */
    public static void write(NetworkState network, OutputStream stream, @Nullable DataNormalization normalizer)
            throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(new LeftOpen(stream))) {
            putConfiguration(network.configuration(), zip);
            putParameters(network.parameters(), zip);
            if (normalizer != null) {
                zip.putNextEntry(new ZipEntry(ModelSerializer.NORMALIZER_BIN));
                NormalizerSerializer.getDefault().write(normalizer, zip);
            }
            putState(network.training(), network.parameters(), zip);
        }
    }

    /**
     * Writes the entries of a model zip with other parameters, and without the states of updater and adapters, which
     * belong to the old ones. What is not looked at here is passed on as bytes.
     *
     * @param state of adapters that belongs to the parameters; null for a plain model
     * @param target may be the source
     */
    public static void rewrite(Path source, INDArray parameters, @Nullable TrainingState state, Path target)
            throws IOException {
        rewrite(source, null, parameters, state, target);
    }

    /**
     * Writes the entries of a model zip with another network in the place of the old one, and without the states of updater
     * and adapters. What is not looked at here is passed on as bytes.
     *
     * @param target may be the source
     */
    public static void rewrite(Path source, Model network, Path target) throws IOException {
        rewrite(source, NetworkState.configuration(network), network.params(), null, target);
    }

    private static void rewrite(
            Path source,
            @Nullable String configuration,
            INDArray parameters,
            @Nullable TrainingState state,
            Path target)
            throws IOException {
        try (CheckedZip old = new CheckedZip(source)) {
            Replacement.write(target, stream -> {
                try (ZipOutputStream zip = new ZipOutputStream(new LeftOpen(stream))) {
                    for (ZipEntry entry : old.entries()) {
                        if (configuration != null && entry.getName().equals(ModelSerializer.CONFIGURATION_JSON)) {
                            putConfiguration(configuration, zip);
                        } else if (!OF_THE_WEIGHTS.contains(entry.getName())) {
                            zip.putNextEntry(new ZipEntry(entry.getName()));
                            try (InputStream content = old.stream(entry.getName())) {
                                content.transferTo(zip);
                            }
                        }
                    }
                    putParameters(parameters, zip);
                    if (state != null) {
                        putState(state, parameters, zip);
                    }
                }
            });
        }
    }

    private static void putConfiguration(String configuration, ZipOutputStream zip) throws IOException {
        zip.putNextEntry(new ZipEntry(ModelSerializer.CONFIGURATION_JSON));
        zip.write(configuration.getBytes(StandardCharsets.UTF_8));
    }

    private static void putParameters(INDArray parameters, ZipOutputStream zip) throws IOException {
        zip.putNextEntry(new ZipEntry(ModelSerializer.COEFFICIENTS_BIN));
        DataOutputStream coefficients = new DataOutputStream(new BufferedOutputStream(zip));
        Nd4j.write(parameters, coefficients);
        coefficients.flush();
    }

    private static void putState(TrainingState state, INDArray parameters, ZipOutputStream zip) throws IOException {
        zip.putNextEntry(new ZipEntry(AdapterEntry.NAME));
        AdapterEntry.write(zip, state, parameters);
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
