package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.OutputLayer;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.layers.recurrent.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.optimize.api.ConvexOptimizer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.rule.NetworkShape;
import org.lowrank4j.rule.NetworkShape.LayerShape;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * A MultiLayerNetwork or a ComputationGraph, as the engine needs to see it. Made where it is needed and never kept,
 * because it holds the network.
 */
abstract class NetworkParts {

    /** The two kinds of network that can be adapted; null for any other model. */
    static @Nullable NetworkParts of(Object model) {
        if (model instanceof MultiLayerNetwork network) {
            return new MultiLayerParts(network);
        }
        if (model instanceof ComputationGraph graph) {
            return new GraphParts(graph);
        }
        return null;
    }

    /** The network itself. */
    abstract Model model();

    abstract String kind();

    /** Layers, and vertices with parameters, in the order of the parameter vector, as the program made them. */
    abstract List<Part> collect();

    /** The same, with what lies below a frozen layer marked as frozen, too: no gradient gets there. */
    final List<Part> parts() {
        List<Part> parts = collect();
        boolean[] reached = reached(parts);
        for (int i = 0; i < reached.length; i++) {
            if (!reached[i]) {
                parts.set(i, markFrozen(parts.get(i)));
            }
        }
        return parts;
    }

    /** Which entries of {@link #parts()} the backward pass reaches, given where the program froze layers. */
    abstract boolean[] reached(List<Part> parts);

    /**
     * Which entries of {@link #parts()} must return an epsilon, given which have trained parameters.
     *
     * @param trained one flag per part
     */
    abstract boolean[] needsEpsilon(List<Part> parts, boolean[] trained);

    /**
     * Takes everything that nothing trained depends on out of the backward pass, until the answer is run.
     *
     * @param trainedNames names of the parts with trained parameters
     */
    abstract Runnable cutBelow(Set<String> trainedNames);

    abstract void flattenedGradients(@Nullable INDArray gradients);

    abstract boolean hasOutputLayers();

    abstract DataType dataType();

    /** A configuration that carries the network-wide settings. */
    abstract NeuralNetConfiguration configuration();

    abstract int iteration();

    abstract int epoch();

    /** The rate that the user's updater for W of a part would use now; NaN for an updater without a rate. */
    final double learningRate(Part part) {
        IUpdater updater = part.trainable().getConfig().getUpdaterByParam(DefaultParamInitializer.WEIGHT_KEY);
        return updater.hasLearningRate() ? updater.getLearningRate(iteration(), epoch()) : Double.NaN;
    }

    abstract void updaterOf(ConvexOptimizer optimizer, @Nullable Object updater);

    abstract @Nullable Object updaterOf(ConvexOptimizer optimizer);

    /** Makes a minibatch the one that the network works on: inputs, labels and masks. */
    abstract void show(MultiDataSet batch);

    /**
     * What shows the present minibatch again after others.
     *
     * @param first the minibatch that the present one is, or is the first time steps of
     */
    abstract Runnable showAgain(MultiDataSet first);

    /** Passes the present minibatch through the network as at inference, and leaves each layer its input. */
    abstract void passForward();

    /** Passes the present minibatch forward and backward as in training. */
    abstract void passBothWays();

    /** Replaces the listeners of the network's passes. */
    abstract Collection<TrainingListener> listeners(Collection<TrainingListener> listeners);

    /** What puts the state that recurrent layers carry from one stretch of time steps to the next back as it is now. */
    final Runnable recurrentState() {
        List<Runnable> restore = new ArrayList<>();
        for (Part part : parts()) {
            if (truncatedBackprop() && part.layer() instanceof RecurrentLayer recurrent) {
                Map<String, INDArray> state = new HashMap<>(recurrent.rnnGetTBPTTState());
                restore.add(() -> recurrent.rnnSetTBPTTState(state));
            }
        }
        return () -> restore.forEach(Runnable::run);
    }

    abstract boolean truncatedBackprop();

    INDArray parameters() {
        INDArray parameters = model().params();
        return parameters.reshape(parameters.length());
    }

    /** The shape for planning. */
    NetworkShape shape() {
        return new NetworkShape(kind(), parts().stream().map(Part::shape).toList());
    }

    /** One part; {@code frozen} is what the program did to it. */
    static Part part(
            int index, String name, Trainable trainable, @Nullable Layer layer, long offset, boolean preprocessed) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        Map<String, INDArray> table = trainable.paramTable(false);
        if (table != null) {
            table.forEach((key, array) -> sizes.put(key, array.length()));
        }
        Layer inner = innermost(layer);
        INDArray weight = table == null ? null : table.get("W");
        boolean matrix = weight != null && weight.rank() == 2;
        String type = inner == null
                ? trainable.getClass().getSimpleName()
                : inner.conf().getLayer().getClass().getSimpleName();
        LayerShape shape = new LayerShape(
                index,
                name,
                type,
                matrix ? Objects.requireNonNull(weight).size(0) : 0,
                matrix ? Objects.requireNonNull(weight).size(1) : 0,
                Collections.unmodifiableMap(sizes),
                inner instanceof IOutputLayer,
                adaptable(inner)
                        ? ""
                        : "its type " + type + " is not supported (supported: DenseLayer, OutputLayer,"
                                + " RnnOutputLayer)",
                isFrozen(layer));
        return new Part(shape, trainable, layer, offset, preprocessed);
    }

    /** Whether the engine can stand in for this layer's backward pass. */
    static boolean adaptable(@Nullable Layer layer) {
        return layer != null
                && (layer.getClass() == DenseLayer.class
                        || layer.getClass() == OutputLayer.class
                        || layer.getClass() == RnnOutputLayer.class);
    }

    static boolean isFrozen(@Nullable Layer layer) {
        return layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop;
    }

    private static @Nullable Layer innermost(@Nullable Layer layer) {
        if (layer instanceof FrozenLayer frozen) {
            return innermost(frozen.getInsideLayer());
        }
        if (layer instanceof FrozenLayerWithBackprop frozen) {
            return innermost(frozen.getInsideLayer());
        }
        return layer;
    }

    /** The part with {@code frozen} set, where a layer above it keeps gradients from reaching it. */
    static Part markFrozen(Part part) {
        LayerShape shape = part.shape();
        return new Part(
                new LayerShape(
                        shape.index(),
                        shape.name(),
                        shape.type(),
                        shape.inputs(),
                        shape.outputs(),
                        shape.parameters(),
                        shape.output(),
                        shape.refusal(),
                        true),
                part.trainable(),
                part.layer(),
                part.offset(),
                part.preprocessed());
    }
}
