package org.lowrank4j.file;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.util.GraphIndices;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.NearestName;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The weights W (nIn x nOut) of the layers of a network, by the layer's name: that of a vertex in a ComputationGraph; in
 * a MultiLayerNetwork the name that the layer was given, or "layer" and its index.
 *
 * <p>A model zip is read without building its network, so that no rule meets a network that nobody trains.
 */
public final class ModelWeights {

    private static final String WEIGHT = DefaultParamInitializer.WEIGHT_KEY;

    /** What was read last, for as long as somebody else holds it. */
    private static WeakReference<ModelWeights> lastRead = new WeakReference<>(null);

    private final String source;
    private final @Nullable Version version;
    private final Map<String, INDArray> weights = new LinkedHashMap<>();

    /** One state of a file. */
    private record Version(Path file, FileTime modified, long size) {

        static Version of(Path file) throws IOException {
            return new Version(file.toRealPath(), Files.getLastModifiedTime(file), Files.size(file));
        }
    }

    private ModelWeights(String source, @Nullable Version version) {
        this.source = source;
        this.version = version;
    }

    /** Those of a network, live. */
    public static ModelWeights of(MultiLayerNetwork network) {
        ModelWeights weights = new ModelWeights("the original network", null);
        for (int i = 0; i < network.getnLayers(); i++) {
            weights.add(layerName(network, i), network.getLayer(i).paramTable(false));
        }
        return weights;
    }

    /** Those of a network, live. */
    public static ModelWeights of(ComputationGraph network) {
        ModelWeights weights = new ModelWeights("the original network", null);
        for (org.deeplearning4j.nn.graph.vertex.GraphVertex vertex : network.getVertices()) {
            weights.add(vertex.getVertexName(), vertex.paramTable(false));
        }
        return weights;
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
            StoredModel stored = StoredModel.read(file);
            ModelWeights weights = new ModelWeights(option + "=" + file, version);
            INDArray parameters =
                    stored.parameters().reshape(stored.parameters().length());
            StoredModel.understood(() -> stored.configuration(
                    layers -> weights.addAll(layers, parameters), vertices -> weights.addAll(vertices, parameters)));
            return weights;
        } catch (LowRankException refused) {
            throw new LowRankException(option + "=" + refused.getMessage(), refused);
        } catch (IOException failed) {
            throw unreadable(option, file.toString(), failed);
        }
    }

    private static LowRankException unreadable(String option, String path, Exception failed) {
        return new LowRankException(option + "=" + path + " cannot be read: " + failed + ".", failed);
    }

    private long addAll(MultiLayerConfiguration configuration, INDArray parameters) {
        long offset = 0;
        for (int i = 0; i < configuration.getConfs().size(); i++) {
            NeuralNetConfiguration layer = configuration.getConf(i);
            offset = add(name(layer, i), layer, parameters, offset);
        }
        return offset;
    }

    private long addAll(ComputationGraphConfiguration configuration, INDArray parameters) {
        GraphIndices indices = new ComputationGraph(configuration).calculateIndices();
        long offset = 0;
        for (int index : indices.getTopologicalSortOrder()) {
            String name = indices.getIdxToName().getOrDefault(index, "");
            GraphVertex vertex = configuration.getVertices().get(name);
            if (vertex instanceof LayerVertex layer) {
                offset = add(name, layer.getLayerConf(), parameters, offset);
            } else if (vertex != null) {
                offset += vertex.numParams(true);
            }
        }
        return offset;
    }

    /** Returns the offset of the next layer. */
    private long add(String name, NeuralNetConfiguration layer, INDArray parameters, long offset) {
        long end = offset + layer.getLayer().initializer().numParams(layer);
        if (end > offset && end <= parameters.length()) {
            INDArray own = parameters.get(NDArrayIndex.interval(offset, end));
            // The views of the gradients are those of the parameters, and making them changes nothing.
            add(name, layer.getLayer().initializer().getGradientsFromFlattened(layer, own));
        }
        return end;
    }

    private void add(String name, @Nullable Map<String, INDArray> parameters) {
        INDArray weight = parameters == null ? null : parameters.get(WEIGHT);
        if (weight != null && weight.rank() == 2) {
            weights.put(name, weight);
        }
    }

    /** The name of a layer here: the one that it was given, or "layer" and its index. */
    public static String layerName(MultiLayerNetwork network, int index) {
        return name(network.getLayer(index).conf(), index);
    }

    private static String name(NeuralNetConfiguration layer, int index) {
        String name = layer.getLayer().getLayerName();
        return name == null ? "layer" + index : name;
    }

    /**
     * The weight of one layer, as a view that nobody may write to.
     *
     * @throws LowRankException if there is none of that name, or if it has another shape
     */
    public INDArray weight(String layer, long inputs, long outputs) {
        INDArray weight = weights.get(layer);
        if (weight == null) {
            throw new LowRankException(source + " has no weight W of layer '" + layer + "'. It has one of "
                    + (weights.isEmpty() ? "no layer" : "'" + String.join("', '", weights.keySet()) + "'") + "."
                    + NearestName.suggestion(layer, weights.keySet())
                    + " It must be the same network before compression.");
        }
        if (weight.size(0) != inputs || weight.size(1) != outputs) {
            throw new LowRankException(
                    "The weight of layer '" + layer + "' is " + inputs + " x " + outputs + ", and in "
                            + source + " it is " + weight.size(0) + " x " + weight.size(1)
                            + ". It must be the same network before compression.");
        }
        return weight;
    }
}
