package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.factorisation.Svd;
import org.lowrank4j.network.LayerRef;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A smaller stock Deeplearning4j model of a network whose weights have low rank, as after training with Trained Rank Pruning
 * (update=trp) or Maestro (update=maestro), or that shall have.
 *
 * <p>Every dense and output layer (not of series) and every two-dimensional convolution with M = U S V^T (nIn x nOut; of a
 * convolution (channel, y, x) x filter) becomes two layers,
 *
 * <pre>NAME-lowrank: x -&gt; x A, identity      NAME: the layer itself with B in the place of M</pre>
 *
 * <p>where k (nIn + nOut) &lt; nIn nOut, that is, where it saves parameters; all other layers stay as they are. A {@link
 * Factorisation} says what A and B are; by default A = U_k sqrt(S_k) without a bias and B = sqrt(S_k) V_k^T. Of a convolution
 * these are k filters of its size, and filters of one pixel. k comes from a {@link RankChoice}. The model needs nothing of
 * lowrank4j: it can be saved, restored and trained on by stock Deeplearning4j. Training starts with a fresh updater state;
 * iteration and epoch counts go on. The layers of a MultiLayerNetwork that follow get other indices; names stay.
 *
 * <pre>{@code
 * MultiLayerNetwork small = FactoredModel.of(network, RankChoice.energy(0.98));
 * }</pre>
 *
 * <p>{@link Compression} does the same step by step, with data.
 */
public final class FactoredModel {

    private FactoredModel() {}

    /**
     * The factored model of a network, which is not changed, with the closest factors.
     *
     * @throws LowRankException if a weight is not finite, or the network already has a layer of a name that is needed
     */
    public static MultiLayerNetwork of(MultiLayerNetwork network, RankChoice choice) {
        return of(network, choice, new Svd());
    }

    /** As {@link #of(MultiLayerNetwork, RankChoice)}, by a method that needs no data, with its default options. */
    public static MultiLayerNetwork of(MultiLayerNetwork network, RankChoice choice, Factorisation method) {
        return (MultiLayerNetwork) by(method, network, choice);
    }

    /** As {@link #of(MultiLayerNetwork, RankChoice)}, for a graph. */
    public static ComputationGraph of(ComputationGraph graph, RankChoice choice) {
        return of(graph, choice, new Svd());
    }

    /** As {@link #of(MultiLayerNetwork, RankChoice, Factorisation)}, for a graph. */
    public static ComputationGraph of(ComputationGraph graph, RankChoice choice, Factorisation method) {
        return (ComputationGraph) by(method, graph, choice);
    }

    private static Model by(Factorisation method, Model network, RankChoice choice) {
        Compression compression = Compression.of(network, method, Map.of(), null);
        return compression.model(compression.ranks(choice));
    }

    /** A network with some of its layers as two, by their names. */
    static Model of(Model network, Map<String, FactoredLayer> factored) {
        for (String name : factored.keySet()) {
            boolean taken = LayerRef.all(network).stream()
                    .anyMatch(layer -> layer.name().equals(FactoredLayer.nameOfFirst(name)));
            if (taken) {
                throw new LowRankException("Layer " + name + " would become two, and the network already has a layer "
                        + FactoredLayer.nameOfFirst(name) + ", the name of the first of them. Rename that layer.");
            }
        }
        return network instanceof MultiLayerNetwork layers
                ? ofLayers(layers, factored)
                : ofGraph((ComputationGraph) network, factored);
    }

    private static MultiLayerNetwork ofLayers(MultiLayerNetwork network, Map<String, FactoredLayer> factored) {
        MultiLayerConfiguration configuration =
                network.getLayerWiseConfigurations().clone();
        List<NeuralNetConfiguration> layers = new ArrayList<>();
        Map<Integer, InputPreProcessor> preProcessors = new HashMap<>();
        List<@Nullable FactoredLayer> inOrder = new ArrayList<>();
        for (int i = 0; i < network.getnLayers(); i++) {
            InputPreProcessor preProcessor = configuration.getInputPreProcess(i);
            if (preProcessor != null) {
                preProcessors.put(layers.size(), preProcessor);
            }
            FactoredLayer two = factored.get(LayerRef.name(network.getLayer(i).conf(), i));
            inOrder.add(two);
            if (two == null) {
                layers.add(configuration.getConf(i));
            } else {
                layers.add(two.first());
                layers.add(two.second());
            }
        }
        configuration.setConfs(layers);
        configuration.setInputPreProcessors(preProcessors);
        MultiLayerNetwork model = new MultiLayerNetwork(configuration);
        model.init();
        int next = 0;
        for (int i = 0; i < inOrder.size(); i++) {
            FactoredLayer two = inOrder.get(i);
            if (two == null) {
                copy(network.getLayer(i), model.getLayer(next++));
            } else {
                two.copyTo(model.getLayer(next), model.getLayer(next + 1));
                next += 2;
            }
        }
        return model;
    }

    private static ComputationGraph ofGraph(ComputationGraph graph, Map<String, FactoredLayer> factored) {
        ComputationGraphConfiguration configuration = graph.getConfiguration().clone();
        configuration.setIterationCount(graph.getConfiguration().getIterationCount());
        configuration.setEpochCount(graph.getConfiguration().getEpochCount());
        factored.forEach((name, two) -> {
            String first = FactoredLayer.nameOfFirst(name);
            if (!(configuration.getVertices().get(name) instanceof LayerVertex vertex)) {
                throw new IllegalStateException("The graph has a layer " + name + " without a vertex of that name.");
            }
            configuration.getVertices().put(first, new LayerVertex(two.first(), vertex.getPreProcessor()));
            configuration.getVertices().put(name, new LayerVertex(two.second(), null));
            configuration
                    .getVertexInputs()
                    .put(first, configuration.getVertexInputs().get(name));
            configuration.getVertexInputs().put(name, new ArrayList<>(List.of(first)));
        });
        ComputationGraph model = new ComputationGraph(configuration);
        model.init();
        for (LayerRef layer : LayerRef.all(graph)) {
            FactoredLayer two = factored.get(layer.name());
            if (two == null) {
                copy(layer.trainable(), trainable(model, layer.name()));
            } else {
                two.copyTo(model.getLayer(FactoredLayer.nameOfFirst(layer.name())), model.getLayer(layer.name()));
            }
        }
        return model;
    }

    private static Trainable trainable(ComputationGraph model, String name) {
        return LayerRef.all(model).stream()
                .filter(layer -> layer.name().equals(name))
                .findFirst()
                .orElseThrow()
                .trainable();
    }

    private static void copy(Trainable from, Trainable to) {
        Map<String, INDArray> target = to.paramTable(false);
        from.paramTable(false)
                .forEach((name, parameter) ->
                        Objects.requireNonNull(target.get(name)).assign(parameter));
    }
}
