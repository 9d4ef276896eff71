package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A smaller stock Deeplearning4j model of a network whose weights have low rank, as after training with Trained Rank Pruning
 * (update=trp) or Maestro (update=maestro).
 *
 * <p>Every dense and output layer (not of series) and every two-dimensional convolution with M = U S V^T (nIn x nOut; of a
 * convolution (channel, y, x) x filter) becomes two layers,
 *
 * <pre>NAME-A: x -&gt; x A,  A = U_k sqrt(S_k) (nIn x k), no bias, identity      NAME: the layer itself with M = sqrt(S_k) V_k^T</pre>
 *
 * <p>where k (nIn + nOut) &lt; nIn nOut, that is, where it saves parameters; all other layers stay as they are. Of a
 * convolution these are k filters of its size, and filters of one pixel; a {@link Cut} says what else they can be, and which
 * of the two gets the singular values. k comes from a {@link RankChoice}. The model needs nothing of lowrank4j: it can be saved, restored and trained on by stock
 * Deeplearning4j. Training starts with a fresh updater state; iteration and epoch counts go on.
 *
 * <pre>{@code
 * MultiLayerNetwork small = FactoredModel.of(network, RankChoice.energy(0.98));
 * }</pre>
 */
public final class FactoredModel {

    private FactoredModel() {}

    /**
     * The factored model of a network, which is not changed, cut as {@link Cut#BALANCED}.
     *
     * @throws LowRankException if a weight is not finite, or the network already has a layer of a name that is needed
     */
    public static MultiLayerNetwork of(MultiLayerNetwork network, RankChoice choice) {
        return of(network, choice, Cut.BALANCED);
    }

    /** As {@link #of(MultiLayerNetwork, RankChoice)}, cut otherwise. */
    public static MultiLayerNetwork of(MultiLayerNetwork network, RankChoice choice, Cut cut) {
        MultiLayerConfiguration configuration =
                network.getLayerWiseConfigurations().clone();
        List<NeuralNetConfiguration> layers = new ArrayList<>();
        Map<Integer, InputPreProcessor> preProcessors = new HashMap<>();
        List<@Nullable FactoredLayer> factored = new ArrayList<>();
        for (int i = 0; i < network.getnLayers(); i++) {
            Layer layer = network.getLayer(i);
            InputPreProcessor preProcessor = configuration.getInputPreProcess(i);
            if (preProcessor != null) {
                preProcessors.put(layers.size(), preProcessor);
            }
            FactoredLayer two = FactoredLayer.of(layer, choice, cut);
            factored.add(two);
            if (two == null) {
                layers.add(configuration.getConf(i));
            } else {
                requireFree(network.getLayer(FactoredLayer.nameOfFirst(FactoredLayer.name(layer))), layer);
                layers.add(two.first());
                layers.add(two.second());
            }
        }
        configuration.setConfs(layers);
        configuration.setInputPreProcessors(preProcessors);
        MultiLayerNetwork model = new MultiLayerNetwork(configuration);
        model.init();
        int next = 0;
        for (int i = 0; i < factored.size(); i++) {
            FactoredLayer two = factored.get(i);
            if (two == null) {
                copy(network.getLayer(i), model.getLayer(next++));
            } else {
                two.copyTo(model.getLayer(next), model.getLayer(next + 1));
                next += 2;
            }
        }
        return model;
    }

    /** As {@link #of(MultiLayerNetwork, RankChoice)}, for a graph. */
    public static ComputationGraph of(ComputationGraph graph, RankChoice choice) {
        return of(graph, choice, Cut.BALANCED);
    }

    /** As {@link #of(ComputationGraph, RankChoice)}, cut otherwise. */
    public static ComputationGraph of(ComputationGraph graph, RankChoice choice, Cut cut) {
        ComputationGraphConfiguration configuration = graph.getConfiguration().clone();
        configuration.setIterationCount(graph.getConfiguration().getIterationCount());
        configuration.setEpochCount(graph.getConfiguration().getEpochCount());
        Map<String, FactoredLayer> factored = new LinkedHashMap<>();
        for (Layer layer : graph.getLayers()) {
            FactoredLayer two = FactoredLayer.of(layer, choice, cut);
            if (two != null) {
                String name = FactoredLayer.name(layer);
                String first = FactoredLayer.nameOfFirst(name);
                requireFree(configuration.getVertices().get(first), layer);
                factored.put(name, two);
                if (!(configuration.getVertices().get(name) instanceof LayerVertex vertex)) {
                    throw new IllegalStateException(
                            "The graph has a layer " + name + " without a vertex of that name.");
                }
                configuration.getVertices().put(first, new LayerVertex(two.first(), vertex.getPreProcessor()));
                configuration.getVertices().put(name, new LayerVertex(two.second(), null));
                configuration
                        .getVertexInputs()
                        .put(first, configuration.getVertexInputs().get(name));
                configuration.getVertexInputs().put(name, new ArrayList<>(List.of(first)));
            }
        }
        ComputationGraph model = new ComputationGraph(configuration);
        model.init();
        for (Layer layer : graph.getLayers()) {
            String name = FactoredLayer.name(layer);
            FactoredLayer two = factored.get(name);
            if (two == null) {
                copy(layer, model.getLayer(name));
            } else {
                two.copyTo(model.getLayer(FactoredLayer.nameOfFirst(name)), model.getLayer(name));
            }
        }
        return model;
    }

    private static void copy(Layer from, Layer to) {
        for (Map.Entry<String, INDArray> parameter : from.paramTable().entrySet()) {
            to.getParam(parameter.getKey()).assign(parameter.getValue());
        }
    }

    private static void requireFree(@Nullable Object taken, Layer layer) {
        if (taken != null) {
            String name = FactoredLayer.name(layer);
            throw new LowRankException("Layer " + name + " would become two, and the network already has a layer "
                    + FactoredLayer.nameOfFirst(name) + ", the name of the first of them. Rename that layer.");
        }
    }
}
