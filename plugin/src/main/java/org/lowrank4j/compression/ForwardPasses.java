package org.lowrank4j.compression;

import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.LayerKinds;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A network through which minibatches pass as at inference, so that the inputs of its layers can be looked at. */
abstract class ForwardPasses {

    /**
     * One layer that shows the rows that it multiplies by W, frozen or not.
     *
     * @param weight W, nIn x nOut, live
     */
    record Target(String name, BaseLayer<?> layer, INDArray weight) {}

    /** The layers, each after those that it gets its input from. */
    abstract List<Target> targets();

    /** Passes a minibatch forward and leaves each layer its input and its mask. */
    abstract void pass(Batch batch);

    /** Drops the inputs and masks of the last pass. */
    abstract void clear();

    /**
     * What a layer multiplies by W for a minibatch: one row per example or time step, without steps that a mask hides;
     * null if it hides all.
     */
    final @Nullable INDArray inputs(Target target, Batch batch) {
        try {
            pass(batch);
            return Objects.requireNonNull(LayerKinds.inputRows(target.layer())).of(target.layer());
        } finally {
            clear();
        }
    }

    /** Hands on the layer if it is one of those that can be compensated. */
    static void find(String name, @Nullable Layer layer, BiConsumer<String, BaseLayer<?>> found) {
        if (layer instanceof FrozenLayer frozen) {
            find(name, frozen.getInsideLayer(), found);
        } else if (layer instanceof FrozenLayerWithBackprop frozen) {
            find(name, frozen.getInsideLayer(), found);
        } else if (layer instanceof BaseLayer<?> base && LayerKinds.inputRows(base) != null) {
            found.accept(name, base);
        }
    }

    static Target target(String name, BaseLayer<?> layer) {
        return new Target(name, layer, layer.getParam(DefaultParamInitializer.WEIGHT_KEY));
    }
}
