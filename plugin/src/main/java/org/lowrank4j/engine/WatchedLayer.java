package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.Formed;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A layer that runs its own passes, and of which some parameters train: what its backward pass has made of their gradients
 * is taken before the next layer writes into the same memory. A matrix that is adapted goes to its method, which projects
 * it; a vector is copied to its place in the compact gradient vector.
 */
public final class WatchedLayer {

    private final String name;
    private final StepState step;
    private final @Nullable Segment segment;
    private final List<Taken> matrices = new ArrayList<>();
    private final List<Copied> vectors = new ArrayList<>();
    private final Map<String, INDArray> shown = new LinkedHashMap<>();
    private int depth;
    private boolean backpropagated;

    private record Taken(AdaptedMatrix matrix, INDArray gradient, String stockKey) {}

    private record Copied(INDArray from, INDArray to) {}

    /**
     * @param step shared with the session
     * @param segment what this layer trains
     */
    WatchedLayer(String name, StepState step, @Nullable Segment segment) {
        this.name = name;
        this.step = step;
        this.segment = segment;
    }

    /**
     * @param gradient dL/dM on the memory that the layer writes into
     * @param stockKey what DL4J's gradient map calls the parameter
     */
    void adapt(AdaptedMatrix matrix, INDArray gradient, String stockKey) {
        matrices.add(new Taken(matrix, gradient, stockKey));
    }

    /**
     * @param from the gradient on the memory that the layer writes into
     * @param to its place in the compact gradient vector
     */
    void train(INDArray from, INDArray to) {
        vectors.add(new Copied(from, to));
    }

    String name() {
        return name;
    }

    /** The layer's entry among those of the running step, null if it is not watched. */
    public static @Nullable WatchedLayer of(Object layer) {
        StepState running = StepState.current();
        return running == null ? null : running.watched(layer);
    }

    /** Whether it trains something, and yet the backward pass has never come through here. */
    boolean isMissed() {
        return !backpropagated;
    }

    /** The l1, l2 and weight decay terms of what this layer trains. */
    public double regularizationScore(int iteration, int epoch) {
        return segment == null ? 0 : segment.regularizationScore(iteration, epoch);
    }

    /** The begin of a backward pass of the layer, or within it of its superclass. */
    public void backwardBegins() {
        depth++;
    }

    /** The end of such a pass. */
    public void backwardEnds(Object layer, @Nullable Throwable thrown) {
        depth--;
        if (depth > 0 || thrown != null) {
            return;
        }
        backpropagated |= !step.calibrating();
        shown.clear();
        for (Taken one : matrices) {
            INDArray array = one.matrix().take(new Formed(one.gradient()), examples(layer));
            if (array != null) {
                shown.put(one.stockKey(), array);
            }
        }
        if (!step.calibrating()) {
            vectors.forEach(one -> one.to().assign(one.from()));
        }
    }

    /** What listeners see of this step's gradients, by the names of DL4J's gradient map. */
    Map<String, INDArray> shown() {
        return shown;
    }

    private static long examples(Object layer) {
        return layer instanceof Layer plain
                ? plain.getInputMiniBatchSize()
                : ((GraphVertex) layer).getInputs()[0].size(0);
    }

    /** The gradient of a parameter where it lies in a vector of the layer's gradients, which is laid out as its parameters. */
    public static INDArray inLayoutOf(INDArray parameter, Trainable layer, INDArray vector) {
        long start = parameter.offset() - layer.params().offset();
        return Nd4j.create(
                vector.data(),
                parameter.shape(),
                parameter.stride(),
                vector.offset() + start,
                parameter.ordering(),
                parameter.dataType());
    }
}
