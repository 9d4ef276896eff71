package org.lowrank4j.hook;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.AdaptedLayer;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.Training;

/** Where parameters are read or replaced: weights that lag behind catch up first. DL4J then does what it always does. */
public final class ReadHooks {

    private ReadHooks() {}

    /** Before {@code BaseLayer.getParam(String)} and {@code setParam(String, INDArray)}. */
    public static @Nullable Object parameter(Object layer, Object name) {
        if (!RulesInForce.none()) {
            AdaptedLayer.asked((BaseLayer<?>) layer, (String) name);
        }
        return null;
    }

    /** Before {@code BaseLayer.params()}, {@code paramTable(boolean)} and {@code clone()}. */
    public static @Nullable Object layer(Object layer) {
        if (!RulesInForce.none()) {
            AdaptedLayer.asked((BaseLayer<?>) layer, null);
        }
        return null;
    }

    /** In the place of {@code BaseLayer.getParamWithNoise(String, ..)}, by which a layer gets what it multiplies by. */
    public static @Nullable Object used(Object layer, Object name) {
        return RulesInForce.none() ? null : AdaptedLayer.used((BaseLayer<?>) layer, (String) name);
    }

    /** Before {@code BaseLayer.setBackpropGradientsViewArray(INDArray)}. */
    public static @Nullable Object gradientsReplaced(Object layer) {
        if (!RulesInForce.none()) {
            AdaptedLayer adapted = AdaptedLayer.of((BaseLayer<?>) layer);
            if (adapted != null) {
                adapted.leaves();
            }
        }
        return null;
    }

    /** Before {@code close()} of a network. */
    public static @Nullable Object closes(Object network) {
        if (!RulesInForce.none()) {
            Training.closes(network);
        }
        return null;
    }

    /** Before {@code params()} of a network, or instead of it; null leaves it to DL4J. */
    public static @Nullable Object network(Object network) {
        return RulesInForce.none() ? null : Training.parametersRead(network);
    }

    /** Before {@code setParams(INDArray)} of a network, or instead of it; null leaves it to DL4J. */
    public static @Nullable Object replaced(Object network, Object parameters) {
        return !RulesInForce.none() && Training.parametersReplaced(network, parameters) ? Boolean.TRUE : null;
    }
}
