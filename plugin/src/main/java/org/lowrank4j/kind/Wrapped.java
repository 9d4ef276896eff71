package org.lowrank4j.kind;

import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.recurrent.BidirectionalLayer;
import org.deeplearning4j.nn.layers.recurrent.TimeDistributedLayer;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;

/**
 * A layer without what DL4J wraps it in: vertices, frozen wrappers, LastTimeStep, MaskZero, TimeDistributed, and Bidirectional,
 * which holds two.
 *
 * @param prefix what the outermost wrapper puts before the names of the layer's parameters
 * @param layer the innermost
 */
public record Wrapped(String prefix, Trainable layer) {

    private static final VarHandle FORWARDS = Dl4jMembers.field(BidirectionalLayer.class, "fwd", Layer.class);
    private static final VarHandle BACKWARDS = Dl4jMembers.field(BidirectionalLayer.class, "bwd", Layer.class);

    /** The one or two layers inside; the layer itself if it wraps none. */
    public static List<Wrapped> in(Trainable layer) {
        if (layer instanceof GraphVertex vertex && vertex.hasLayer()) {
            return in(vertex.getLayer());
        }
        if (layer instanceof BaseWrapperLayer wrapper) {
            return in(wrapper.getUnderlying());
        }
        if (layer instanceof BidirectionalLayer both) {
            return List.of(
                    new Wrapped("f", Objects.requireNonNull((Layer) FORWARDS.get(both))),
                    new Wrapped("b", Objects.requireNonNull((Layer) BACKWARDS.get(both))));
        }
        return List.of(new Wrapped("", layer));
    }

    /**
     * Whether a wrapper computes with what the layers inside hand out: Bidirectional adds to their outputs and epsilons,
     * TimeDistributed gives epsilon another shape. So an epsilon must be there, and an output no other array.
     */
    public static boolean worksOnPasses(Trainable layer) {
        if (layer instanceof GraphVertex vertex && vertex.hasLayer()) {
            return worksOnPasses(vertex.getLayer());
        }
        return layer instanceof BidirectionalLayer
                || layer instanceof TimeDistributedLayer
                || layer instanceof BaseWrapperLayer wrapper && worksOnPasses(wrapper.getUnderlying());
    }

    /** A layer or vertex without what freezes it. */
    public static Trainable unfrozen(Trainable layer) {
        if (layer instanceof GraphVertex vertex && vertex.hasLayer()) {
            return unfrozen(vertex.getLayer());
        }
        if (layer instanceof FrozenLayer frozen) {
            return unfrozen(frozen.getInsideLayer());
        }
        return layer instanceof FrozenLayerWithBackprop frozen ? unfrozen(frozen.getInsideLayer()) : layer;
    }

    /**
     * The type by which rules name a layer: that of its configuration, and of one that wraps another both, as {@code
     * LastTimeStep(LSTM)}. What freezes a layer is no part of it.
     */
    public static String type(Trainable layer) {
        Trainable inner = unfrozen(layer);
        if (inner instanceof BaseWrapperLayer wrapper) {
            String name = wrapper.getClass().getSimpleName();
            String wraps = name.equals("MaskZeroLayer") ? name : name.replaceFirst("Layer$", "");
            return wraps + "(" + type(wrapper.getUnderlying()) + ")";
        }
        if (!(inner instanceof Layer plain)) {
            return inner.getConfig().getClass().getSimpleName();
        }
        var configuration = plain.conf().getLayer();
        return configuration instanceof Bidirectional both
                ? "Bidirectional(" + both.getFwd().getClass().getSimpleName() + ")"
                : configuration.getClass().getSimpleName();
    }
}
