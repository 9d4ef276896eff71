package org.lowrank4j.compression;

import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.LayerKinds;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Random inputs of the shape that a network's configuration says, as far as it says one. */
public final class SampleInputs {

    private static final int EXAMPLES = 32;

    private SampleInputs() {}

    /** One minibatch of 32 examples; null where the shape is not told. */
    public static @Nullable Calibration of(Model network) {
        if (network instanceof MultiLayerNetwork layers) {
            InputPreProcessor first = layers.getLayerWiseConfigurations().getInputPreProcess(0);
            INDArray input = input(network, first, layers.getLayer(0));
            return input == null ? null : Calibration.of(input);
        }
        ComputationGraph graph = (ComputationGraph) network;
        List<String> names = graph.getConfiguration().getNetworkInputs();
        INDArray[] inputs = names.stream()
                .map(name -> input(graph, name))
                .filter(Objects::nonNull)
                .toArray(INDArray[]::new);
        return inputs.length < names.size() ? null : Calibration.of(inputs);
    }

    /** For an input of a graph, by the first layer that it goes to. */
    private static @Nullable INDArray input(ComputationGraph graph, String name) {
        ComputationGraphConfiguration configuration = graph.getConfiguration();
        return configuration.getVertices().entrySet().stream()
                .filter(vertex ->
                        List.of(name).equals(configuration.getVertexInputs().get(vertex.getKey())))
                .filter(vertex -> vertex.getValue() instanceof LayerVertex)
                .findFirst()
                .map(vertex -> input(
                        graph, ((LayerVertex) vertex.getValue()).getPreProcessor(), graph.getLayer(vertex.getKey())))
                .orElse(null);
    }

    /** Of pictures in rows, or where the layer multiplies its input by its matrix. */
    private static @Nullable INDArray input(Model network, @Nullable InputPreProcessor first, Layer layer) {
        long width = 0;
        if (first instanceof FeedForwardToCnnPreProcessor pictures) {
            width = pictures.getInputHeight() * pictures.getInputWidth() * pictures.getNumChannels();
        } else if (first == null && LayerKinds.twoLayers(layer) != null) {
            INDArray weight = layer.getParam("W");
            width = weight.rank() == 2 ? weight.size(0) : 0;
        }
        return width == 0 ? null : Nd4j.rand(network.params().dataType(), EXAMPLES, width);
    }
}
