package org.lowrank4j.network;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.StoredModel;
import org.lowrank4j.method.NearestName;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The matrices (nIn x nOut) of a network before something was done to it, by their keys as {@link NetworkWeights} has
 * them.
 *
 * <p>A model zip is read without building its network, so that no rule meets a network that nobody trains.
 */
public final class ModelWeights {

    /** What was read last, for as long as somebody else holds it. */
    private static WeakReference<ModelWeights> lastRead = new WeakReference<>(null);

    private final String source;
    private final @Nullable Version version;
    private final NetworkWeights weights;

    /** One state of a file. */
    private record Version(Path file, FileTime modified, long size) {

        static Version of(Path file) throws IOException {
            return new Version(file.toRealPath(), Files.getLastModifiedTime(file), Files.size(file));
        }
    }

    private ModelWeights(String source, @Nullable Version version, NetworkWeights weights) {
        this.source = source;
        this.version = version;
        this.weights = weights;
    }

    /** Those of a network, live. */
    public static ModelWeights of(Model network) {
        return new ModelWeights("the original network", null, NetworkWeights.of(network));
    }

    /**
     * Those of a model zip.
     *
     * @throws LowRankException if there is no such file, or if it is no model zip, saying what is missing
     */
    public static ModelWeights read(Path file) {
        return read("The model zip", file);
    }

    /**
     * The same for several callers that name the same file one after the other, as the layers of one network do: the file
     * is read once for as long as one of them holds the weights, and anew after it changed.
     *
     * @param option whose value the path is, for messages
     */
    public static synchronized ModelWeights shared(String option, String path) {
        try {
            Path file = Path.of(path.strip());
            ModelWeights read = lastRead.get();
            if (read == null || !Files.isRegularFile(file) || !Version.of(file).equals(read.version)) {
                read = read(option, file);
                lastRead = new WeakReference<>(read);
            }
            return read;
        } catch (InvalidPathException wrong) {
            throw new LowRankException(option + "=" + path + " is no path: " + wrong.getReason() + ".", wrong);
        } catch (IOException failed) {
            throw unreadable(option, path, failed);
        }
    }

    private static ModelWeights read(String option, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new LowRankException(
                    option + ": there is no file " + file.toAbsolutePath().normalize()
                            + ". It must be the model zip of the network before compression; a relative path starts at the"
                            + " folder in which the program was started.");
        }
        try {
            Version version = Version.of(file);
            return new ModelWeights(option + "=" + file, version, NetworkWeights.of(StoredModel.read(file)));
        } catch (LowRankException refused) {
            throw new LowRankException(option + "=" + refused.getMessage(), refused);
        } catch (IOException failed) {
            throw unreadable(option, file.toString(), failed);
        }
    }

    private static LowRankException unreadable(String option, String path, Exception failed) {
        return new LowRankException(option + "=" + path + " cannot be read: " + failed + ".", failed);
    }

    /**
     * One matrix, as a view that nobody may write to.
     *
     * @param key LAYER for a layer's W, else LAYER/PARAMETER
     * @throws LowRankException if there is none of that key, or if it has another shape
     */
    public INDArray weight(String key, long inputs, long outputs) {
        Set<String> known = weights.matrices();
        if (!known.contains(key)) {
            throw new LowRankException(source + " has no weight W of layer '" + key + "'. It has one of "
                    + (known.isEmpty() ? "no layer" : "'" + String.join("', '", known) + "'") + "."
                    + NearestName.suggestion(key, known) + " It must be the same network before compression.");
        }
        INDArray weight = weights.matrix(key);
        if (weight.size(0) != inputs || weight.size(1) != outputs) {
            throw new LowRankException("The weight of layer '" + key + "' is " + inputs + " x " + outputs + ", and in "
                    + source + " it is " + weight.size(0) + " x " + weight.size(1)
                    + ". It must be the same network before compression.");
        }
        return weight;
    }
}
