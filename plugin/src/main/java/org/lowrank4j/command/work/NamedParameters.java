package org.lowrank4j.command.work;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.file.ModelWeights;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The parts of a network that have parameters, in its order, under the names that rules use. */
record NamedParameters(String kind, Map<String, Part> parts) {

    /**
     * One layer or vertex.
     *
     * @param type its class, as configured
     * @param arrays live views by DL4J's names
     */
    record Part(String type, Map<String, INDArray> arrays) {}

    static NamedParameters of(Model model) {
        Map<String, Part> parts = new LinkedHashMap<>();
        if (model instanceof ComputationGraph graph) {
            for (int index : graph.topologicalSortOrder()) {
                GraphVertex vertex = graph.getVertices()[index];
                Layer layer = vertex.getLayer();
                String type = layer == null ? vertex.getClass().getSimpleName() : type(layer);
                add(parts, vertex.getVertexName(), type, vertex.paramTable(false));
            }
            return new NamedParameters("ComputationGraph", parts);
        }
        MultiLayerNetwork network = (MultiLayerNetwork) model;
        for (int i = 0; i < network.getLayers().length; i++) {
            Layer layer = network.getLayer(i);
            add(parts, ModelWeights.layerName(network, i), type(layer), layer.paramTable(false));
        }
        return new NamedParameters("MultiLayerNetwork", parts);
    }

    private static String type(Layer layer) {
        return layer.conf().getLayer().getClass().getSimpleName();
    }

    private static void add(Map<String, Part> parts, String name, String type, Map<String, INDArray> table) {
        if (table != null && !table.isEmpty()) {
            parts.put(name, new Part(type, new LinkedHashMap<>(table)));
        }
    }
}
