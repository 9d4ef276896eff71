package org.lowrank4j.network;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.util.GraphIndices;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.StoredModel;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The parameters of a network by layer and name, and the matrices in them by key: LAYER for a layer's W, else
 * LAYER/PARAMETER. Layers have the names that rules use: as configured, else DL4J's default name ("layer" and the index, or
 * that of a vertex). All arrays are live, so it is made where it is needed and never kept.
 */
public final class NetworkWeights {

    private static final String WEIGHT = "W";

    private final String kind;
    private final Map<String, LayerWeights> layers = new LinkedHashMap<>();
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Set<String> ambiguous = new LinkedHashSet<>();

    /**
     * One layer, or vertex, with parameters.
     *
     * @param type its class, as configured
     * @param trainable DL4J's object
     * @param parameters live, by DL4J's names and in its order
     */
    public record LayerWeights(String type, Trainable trainable, Map<String, INDArray> parameters) {}

    /**
     * Where a matrix lies.
     *
     * @param layer the name of its layer
     * @param matrix what it is on the memory of the parameter
     */
    public record Place(String layer, Matrix matrix) {

        /** DL4J's name of the parameter that it lies in. */
        public String parameter() {
            return matrix.parameter();
        }
    }

    private NetworkWeights(String kind) {
        this.kind = kind;
    }

    /**
     * Those of a network.
     *
     * @throws LowRankException if it is neither a MultiLayerNetwork nor a ComputationGraph, or not initialised
     */
    public static NetworkWeights of(Model model) {
        if (model instanceof MultiLayerNetwork network && network.isInitCalled()
                || model instanceof ComputationGraph graph && graph.getVertices() != null) {
            NetworkWeights weights =
                    new NetworkWeights(model instanceof MultiLayerNetwork ? "MultiLayerNetwork" : "ComputationGraph");
            LayerRef.all(model).forEach(layer -> weights.add(layer.name(), layer.trainable()));
            return weights;
        }
        throw new LowRankException(
                "Adapters apply to an initialised MultiLayerNetwork or ComputationGraph, and this is a "
                        + model.getClass().getSimpleName()
                        + (model instanceof MultiLayerNetwork || model instanceof ComputationGraph
                                ? " before init()."
                                : "."));
    }

    /**
     * Those of a model zip. Its layers are made, each on its own, and no network of them, so that no rule meets one.
     *
     * @throws LowRankException if DL4J makes no layers of its configuration
     */
    public static NetworkWeights of(StoredModel stored) {
        INDArray parameters = stored.parameters().reshape(stored.parameters().length());
        return StoredModel.understood(
                () -> stored.configuration(layers -> of(layers, parameters), vertices -> of(vertices, parameters)));
    }

    private static NetworkWeights of(MultiLayerConfiguration configuration, INDArray parameters) {
        NetworkWeights weights = new NetworkWeights("MultiLayerNetwork");
        long offset = 0;
        for (int i = 0; i < configuration.getConfs().size(); i++) {
            int index = i;
            NeuralNetConfiguration layer = configuration.getConf(i);
            long count = layer.getLayer().initializer().numParams(layer);
            INDArray own = stretch(parameters, offset, count);
            if (own != null) {
                weights.add(
                        LayerRef.name(layer, i),
                        layer.getLayer().instantiate(layer, null, index, own, false, own.dataType()));
            }
            offset += count;
        }
        return weights;
    }

    private static NetworkWeights of(ComputationGraphConfiguration configuration, INDArray parameters) {
        NetworkWeights weights = new NetworkWeights("ComputationGraph");
        ComputationGraph graph = new ComputationGraph(configuration);
        GraphIndices indices = graph.calculateIndices();
        long offset = 0;
        for (int index : indices.getTopologicalSortOrder()) {
            String name = indices.getIdxToName().getOrDefault(index, "");
            org.deeplearning4j.nn.conf.graph.GraphVertex vertex =
                    configuration.getVertices().get(name);
            long count = vertex == null ? 0 : vertex.numParams(true);
            INDArray own = stretch(parameters, offset, count);
            if (vertex != null && own != null) {
                weights.add(name, vertex.instantiate(graph, name, index, own, false, own.dataType()));
            }
            offset += count;
        }
        return weights;
    }

    private static @Nullable INDArray stretch(INDArray parameters, long offset, long count) {
        long end = offset + count;
        return count > 0 && end <= parameters.length() ? parameters.get(NDArrayIndex.interval(offset, end)) : null;
    }

    private void add(String name, Trainable trainable) {
        Map<String, INDArray> table = trainable.paramTable(false);
        if (table == null || table.isEmpty()) {
            return;
        }
        layers.put(
                name,
                new LayerWeights(type(trainable), trainable, Collections.unmodifiableMap(new LinkedHashMap<>(table))));
        LayerKinds.matrices(trainable, table.keySet()).forEach(matrix -> add(new Place(name, matrix)));
        INDArray weight = table.get(WEIGHT);
        // Of a layer that is of no kind, too: it cannot be trained by adapters, but they apply to it.
        if (weight != null && weight.rank() == 2 && !places.containsKey(name)) {
            add(new Place(name, Matrix.asItIs(WEIGHT)));
        }
    }

    private void add(Place place) {
        String key = MatrixShape.key(place.layer(), place.parameter());
        if (ambiguous.contains(key) || places.put(key, place) != null) {
            places.remove(key);
            ambiguous.add(key);
        }
    }

    private static String type(Trainable trainable) {
        if (trainable instanceof GraphVertex vertex) {
            return vertex.hasLayer()
                    ? type(vertex.getLayer())
                    : vertex.getClass().getSimpleName();
        }
        return ((Layer) trainable).conf().getLayer().getClass().getSimpleName();
    }

    /** {@code MultiLayerNetwork} or {@code ComputationGraph}. */
    public String kind() {
        return kind;
    }

    /** The layers in the network's order; those without parameters are left out. */
    public Map<String, LayerWeights> layers() {
        return Collections.unmodifiableMap(layers);
    }

    /** The keys of all matrices, in the network's order, without those that two have. */
    public Set<String> matrices() {
        return Collections.unmodifiableSet(places.keySet());
    }

    /** What a sentence calls a matrix. */
    public static String described(String key) {
        return key.contains("/") ? key : "W of layer " + key;
    }

    /**
     * Where a matrix lies.
     *
     * @throws LowRankException if there is none of this key, or more than one
     */
    public Place place(String key) {
        Place place = places.get(key);
        if (ambiguous.contains(key)) {
            throw new LowRankException(Excerpt.of(key) + " means two matrices of this network, because a layer has a"
                    + " slash in its name. Give it another name.");
        }
        if (place == null) {
            throw new LowRankException(withoutMatrix(key));
        }
        return place;
    }

    private String withoutMatrix(String key) {
        LayerWeights layer = layers.get(key);
        INDArray weight = layer == null ? null : layer.parameters().get(WEIGHT);
        if (weight != null) {
            return "An adapter changes a matrix, and W of layer " + key + " has the shape "
                    + Arrays.toString(weight.shape()) + ".";
        }
        return layer == null
                ? "The network has no matrix '" + Excerpt.of(key) + "'; it has " + Excerpt.of(places.keySet()) + "."
                        + NearestName.suggestion(key, places.keySet())
                : absent(key, WEIGHT);
    }

    /**
     * A live matrix, nIn x nOut, column- or row-major.
     *
     * @throws LowRankException if there is none of this key
     */
    public INDArray matrix(String key) {
        Place place = place(key);
        return place.matrix().view().apply(parameter(place.layer(), place.parameter()));
    }

    /**
     * A live parameter.
     *
     * @throws LowRankException if there is none
     */
    public INDArray parameter(String layer, String name) {
        INDArray parameter = find(layer, name);
        if (parameter == null) {
            throw new LowRankException(absent(layer, name));
        }
        return parameter;
    }

    /** A live parameter; null if there is none. */
    public @Nullable INDArray find(String layer, String name) {
        LayerWeights found = layers.get(layer);
        return found == null ? null : found.parameters().get(name);
    }

    /** The sentence that says that a parameter is not there, and what is. */
    public String absent(String layer, String name) {
        LayerWeights found = layers.get(layer);
        return found == null
                ? "The network has no layer '" + Excerpt.of(layer) + "' with parameters; it has "
                        + Excerpt.of(layers.keySet()) + "." + NearestName.suggestion(layer, layers.keySet())
                : "Layer " + Excerpt.of(layer) + " has no parameter " + Excerpt.of(name) + "; it has "
                        + found.parameters().keySet() + ".";
    }

    /** Whether the layer is there, with just these parameters in their shapes. */
    public boolean has(String layer, Map<String, INDArray> parameters) {
        LayerWeights found = layers.get(layer);
        return found != null
                && found.parameters().keySet().equals(parameters.keySet())
                && parameters.entrySet().stream().allMatch(entry -> has(layer, entry.getKey(), entry.getValue()));
    }

    /** Whether the parameter is there in the shape of an array, where a row of n entries is a vector of n. */
    public boolean has(String layer, String name, INDArray array) {
        INDArray live = find(layer, name);
        return live != null && Arrays.equals(vector(live.shape()), vector(array.shape()));
    }

    private static long[] vector(long[] shape) {
        return shape.length == 2 && shape[0] == 1 ? new long[] {shape[1]} : shape;
    }
}
