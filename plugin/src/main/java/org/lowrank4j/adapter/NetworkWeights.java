package org.lowrank4j.adapter;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.NotFinite;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The live parameters of a network by layer and name. Holds views of the network, so it is made where it is needed. */
final class NetworkWeights {

    /** DL4J's name of the weight of a layer. */
    static final String WEIGHT = "W";

    private final Map<String, Map<String, INDArray>> layers;

    private NetworkWeights(Map<String, Map<String, INDArray>> layers) {
        this.layers = layers;
    }

    /**
     * Names are those that rules use: as configured, else DL4J's default name.
     *
     * @throws LowRankException if it is neither a MultiLayerNetwork nor a ComputationGraph, or not initialised
     */
    static NetworkWeights of(Model model) {
        Map<String, Map<String, INDArray>> layers = new LinkedHashMap<>();
        if (model instanceof MultiLayerNetwork network && network.isInitCalled()) {
            Layer[] all = network.getLayers();
            for (int i = 0; i < all.length; i++) {
                String name = all[i].conf().getLayer().getLayerName();
                add(layers, name == null ? "layer" + i : name, all[i].paramTable(false));
            }
        } else if (model instanceof ComputationGraph graph && graph.getVertices() != null) {
            for (int index : graph.topologicalSortOrder()) {
                GraphVertex vertex = graph.getVertices()[index];
                add(layers, vertex.getVertexName(), vertex.paramTable(false));
            }
        } else {
            throw new LowRankException(
                    "Adapters apply to an initialised MultiLayerNetwork or ComputationGraph, and this"
                            + " is a " + model.getClass().getSimpleName()
                            + (model instanceof MultiLayerNetwork || model instanceof ComputationGraph
                                    ? " before init()."
                                    : "."));
        }
        return new NetworkWeights(layers);
    }

    private static void add(Map<String, Map<String, INDArray>> layers, String name, Map<String, INDArray> table) {
        if (table != null && !table.isEmpty()) {
            layers.put(name, new LinkedHashMap<>(table));
        }
    }

    /** Live views by layer and parameter name, in the network's order; layers without parameters are left out. */
    Map<String, Map<String, INDArray>> layers() {
        return layers;
    }

    /**
     * A live parameter.
     *
     * @throws LowRankException if there is none
     */
    INDArray parameter(String layer, String name) {
        INDArray parameter = layers.getOrDefault(layer, Map.of()).get(name);
        if (parameter == null) {
            throw new LowRankException(absent(layer, name));
        }
        return parameter;
    }

    private String absent(String layer, String name) {
        Map<String, INDArray> table = layers.get(layer);
        return table == null
                ? "The network has no layer '" + Excerpt.of(layer) + "' with parameters; it has "
                        + Excerpt.of(layers.keySet()) + "." + NearestName.suggestion(layer, layers.keySet())
                : "Layer " + Excerpt.of(layer) + " has no parameter " + Excerpt.of(name) + "; it has " + table.keySet()
                        + ".";
    }

    /** Whether the layer is there, with just these parameters in their shapes. */
    boolean has(String layer, Map<String, INDArray> table) {
        return layers.getOrDefault(layer, Map.of()).keySet().equals(table.keySet())
                && table.entrySet().stream().allMatch(entry -> has(layer, entry.getKey(), entry.getValue()));
    }

    /** Whether the parameter is there in the shape of an array, where a row of n entries is a vector of n. */
    boolean has(String layer, String name, INDArray array) {
        INDArray live = layers.getOrDefault(layer, Map.of()).get(name);
        return live != null && Arrays.equals(vector(live.shape()), vector(array.shape()));
    }

    private static long[] vector(long[] shape) {
        return shape.length == 2 && shape[0] == 1 ? new long[] {shape[1]} : shape;
    }

    /**
     * The live weight of a layer, nIn x nOut.
     *
     * @throws LowRankException if there is none, or it is no matrix
     */
    INDArray weight(String layer) {
        INDArray weight = parameter(layer, WEIGHT);
        if (weight.rank() != 2) {
            throw new LowRankException("An adapter changes a matrix, and W of layer " + layer + " has the shape "
                    + Arrays.toString(weight.shape()) + ".");
        }
        return weight;
    }

    /**
     * Checks that every shape of an adapter is the network's.
     *
     * @throws LowRankException if one is not
     */
    void checkShapes(Adapter adapter) {
        adapter.layers().forEach((name, layer) -> {
            INDArray weight = weight(name);
            if (weight.size(0) != layer.inputs() || weight.size(1) != layer.outputs()) {
                throw new LowRankException("The adapter of layer " + name + " is for W of " + layer.inputs() + " x "
                        + layer.outputs() + " (nIn x nOut), and the network's is " + weight.size(0) + " x "
                        + weight.size(1) + ": it was made on another network. Use the base that it was trained on.");
            }
        });
        adapter.parameters()
                .forEach((layer, arrays) -> arrays.forEach((name, array) -> {
                    if (!has(layer, name, array)) {
                        throw new LowRankException(shapeOrAbsence(layer, name, array)
                                + " Give the network a layer like that of the training first (TransferLearning), or leave"
                                + " out of the adapter what was trained in full (combine ADAPTER --without-parameters,"
                                + " or Adapter.withParameters).");
                    }
                }));
    }

    private String shapeOrAbsence(String layer, String name, INDArray array) {
        INDArray live = layers.getOrDefault(layer, Map.of()).get(name);
        return live == null
                ? absent(layer, name)
                : "The adapter brings " + name + " of layer " + layer + " with the shape "
                        + Arrays.toString(array.shape()) + ", and the network's has "
                        + Arrays.toString(live.shape()) + ".";
    }

    /**
     * A parameter of an adapter as the network has it: in its shape, its type and its order.
     *
     * @throws LowRankException if a number does not fit in the network's type
     */
    static INDArray as(INDArray live, INDArray array) {
        return finite(array.castTo(live.dataType()).reshape(live.shape()).dup(live.ordering()));
    }

    /** The weight that an adapter makes of a live one, as {@link LayerAdapter#effective} but never infinite. */
    static INDArray effective(INDArray live, LayerAdapter adapter) {
        return finite(adapter.effective(live));
    }

    private static INDArray finite(INDArray made) {
        if (NotFinite.count(made) > 0) {
            throw new LowRankException("The adapter makes entries of the network NaN or infinite: its numbers are too"
                    + " large for a network of " + made.dataType() + ", or this network is not finite itself.");
        }
        return made;
    }
}
