package org.lowrank4j.file;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.zip.ZipException;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A model zip as DL4J's ModelSerializer writes it, read as data; nothing else here reads one. Only the configuration, the
 * parameters and the state of adapters are looked at, every length is checked before memory is taken for it, and Java
 * serialization (which DL4J uses for preprocessors) is never run. No network is made, so no rule meets one.
 */
public final class StoredModel {

    /** A configuration is text about layers: longer ones are damaged. */
    private static final int LONGEST_CONFIGURATION = 64 << 20;

    private static final int LONGEST_ADAPTERS = Integer.MAX_VALUE - 8;

    private final Object configuration;
    private final INDArray parameters;
    private final byte @Nullable [] adapters;

    private StoredModel(CheckedZip zip, boolean withAdapters) throws IOException {
        String json =
                new String(zip.read(ModelSerializer.CONFIGURATION_JSON, LONGEST_CONFIGURATION), StandardCharsets.UTF_8);
        long length = zip.length(ModelSerializer.COEFFICIENTS_BIN);
        Object parsed = parsed(json);
        configuration = parsed;
        long described = understood(() -> either(parsed, StoredModel::parameters, StoredModel::parameters));
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(zip.stream(ModelSerializer.COEFFICIENTS_BIN)))) {
            parameters = Coefficients.read(in, length, described);
            if (in.read() >= 0) {
                throw new LowRankException("its parameters are damaged: something follows them.");
            }
        }
        adapters = withAdapters && zip.has(AdapterEntry.NAME) ? zip.read(AdapterEntry.NAME, LONGEST_ADAPTERS) : null;
    }

    /**
     * Reads a model without the state of adapters.
     *
     * @throws IOException if the file cannot be read
     * @throws LowRankException if it is no model zip, or damaged; the message names the file
     */
    public static StoredModel read(Path file) throws IOException {
        return read(file, false);
    }

    /** Reads a model and the state of adapters, as {@link #read(Path)} does. */
    public static StoredModel readWithAdapters(Path file) throws IOException {
        return read(file, true);
    }

    private static StoredModel read(Path file, boolean withAdapters) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new LowRankException(file + " is not a file; a model zip of DL4J is expected.");
        }
        // What is read here outlives the step in which it is read.
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
                CheckedZip zip = new CheckedZip(file)) {
            return new StoredModel(zip, withAdapters);
        } catch (ZipException | EOFException | IllegalArgumentException noZip) {
            throw new LowRankException(file + " is not a readable zip: " + noZip.getMessage() + ".", noZip);
        } catch (LowRankException refused) {
            throw new LowRankException(file + " cannot be used: " + refused.getMessage(), refused);
        }
    }

    /** The parameter vector, 1 x n, of the network's type. */
    public INDArray parameters() {
        return parameters;
    }

    /** The state that an adapted training saved; null if there is none, or it was not asked for. */
    public byte @Nullable [] adapters() {
        return adapters;
    }

    /** What one of two functions makes of the configuration: that for its kind. */
    public <T> T configuration(
            Function<MultiLayerConfiguration, T> ofSequence, Function<ComputationGraphConfiguration, T> ofGraph) {
        return either(configuration, ofSequence, ofGraph);
    }

    private static <T> T either(
            Object configuration,
            Function<MultiLayerConfiguration, T> ofSequence,
            Function<ComputationGraphConfiguration, T> ofGraph) {
        return configuration instanceof ComputationGraphConfiguration graph
                ? ofGraph.apply(graph)
                : ofSequence.apply((MultiLayerConfiguration) configuration);
    }

    private static Object parsed(String json) {
        boolean graph =
                BoundedJson.object(json, ModelSerializer.CONFIGURATION_JSON).has("vertices");
        return understood(
                () -> graph ? ComputationGraphConfiguration.fromJson(json) : MultiLayerConfiguration.fromJson(json));
    }

    private static long parameters(MultiLayerConfiguration configuration) {
        long parameters = 0;
        for (NeuralNetConfiguration layer : configuration.getConfs()) {
            parameters += layer.getLayer().initializer().numParams(layer);
        }
        return parameters;
    }

    private static long parameters(ComputationGraphConfiguration configuration) {
        long parameters = 0;
        for (GraphVertex vertex : configuration.getVertices().values()) {
            parameters += vertex.numParams(true);
        }
        return parameters;
    }

    /**
     * What DL4J makes of a configuration.
     *
     * @throws LowRankException if it makes nothing of it, in one of the many ways that it has
     */
    public static <T> T understood(Supplier<T> made) {
        try {
            return made.get();
        } catch (RuntimeException | StackOverflowError notUnderstood) {
            throw new LowRankException(
                    "DL4J does not understand its configuration, or the parameters do not fit it: "
                            + Excerpt.of(notUnderstood.getMessage()) + ".",
                    notUnderstood);
        }
    }
}
