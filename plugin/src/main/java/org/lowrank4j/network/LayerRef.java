package org.lowrank4j.network;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;

/**
 * A layer of a network, or a vertex of a graph that has parameters of its own. Live, so it is asked for where it is needed
 * and never kept.
 *
 * @param name as rules name it: as configured, else DL4J's default name ("layer" and the index, or that of a vertex)
 * @param trainable its parameters: the layer, or in a graph its vertex
 * @param layer the layer, null for a vertex that is none
 * @param preprocessed whether an input preprocessor stands before it
 */
public record LayerRef(
        String name, Trainable trainable, @Nullable Layer layer, boolean preprocessed) {

    /**
     * All of a network, in the order of its parameter vector.
     *
     * @param model a MultiLayerNetwork or a ComputationGraph, initialised
     */
    public static List<LayerRef> all(Model model) {
        return model instanceof MultiLayerNetwork network ? all(network) : all((ComputationGraph) model);
    }

    private static List<LayerRef> all(MultiLayerNetwork network) {
        List<LayerRef> layers = new ArrayList<>();
        for (Layer layer : network.getLayers()) {
            int index = layers.size();
            boolean preprocessed = network.getLayerWiseConfigurations().getInputPreProcess(index) != null;
            layers.add(new LayerRef(name(layer.conf(), index), layer, layer, preprocessed));
        }
        return layers;
    }

    private static List<LayerRef> all(ComputationGraph graph) {
        List<LayerRef> layers = new ArrayList<>();
        for (int index : graph.topologicalSortOrder()) {
            GraphVertex vertex = graph.getVertices()[index];
            if (vertex.hasLayer() || vertex.numParams() > 0) {
                layers.add(new LayerRef(
                        vertex.getVertexName(),
                        vertex,
                        vertex.hasLayer() ? vertex.getLayer() : null,
                        vertex instanceof LayerVertex named && named.getLayerPreProcessor() != null));
            }
        }
        return layers;
    }

    /** The name of a layer of a MultiLayerNetwork. */
    public static String name(NeuralNetConfiguration layer, int index) {
        String name = layer.getLayer().getLayerName();
        return name == null ? "layer" + index : name;
    }
}
