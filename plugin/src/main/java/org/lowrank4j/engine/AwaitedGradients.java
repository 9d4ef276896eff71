package org.lowrank4j.engine;

import java.util.LinkedHashMap;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient views of a layer before there are any, where DL4J has none either: none, and who is to know when the layer's
 * weights are asked for. They disappear when gradient views are set.
 */
final class AwaitedGradients extends LinkedHashMap<String, INDArray> {

    private static final long serialVersionUID = 1L;

    private final transient TakenWeights taken;

    AwaitedGradients(TakenWeights taken) {
        this.taken = taken;
    }

    /** Who is to know; null if nobody is, or if the layer has trained. */
    static @Nullable TakenWeights of(BaseLayer<?> layer) {
        return Dl4jInternals.gradientViews(layer) instanceof AwaitedGradients awaited ? awaited.taken : null;
    }
}
