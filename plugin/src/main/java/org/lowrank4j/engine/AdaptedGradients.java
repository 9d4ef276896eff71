package org.lowrank4j.engine;

import java.util.LinkedHashMap;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradient views that an adapted layer holds in the place of DL4J's: only those of its trained parameters, plus the
 * layer's adapter. Being stored in the layer itself, in the field that DL4J keeps for gradient views, it needs no lookup
 * table, lives exactly as long as the layer, and disappears when stock gradient views are set again.
 */
final class AdaptedGradients extends LinkedHashMap<String, INDArray> {

    private static final long serialVersionUID = 1L;

    private final transient AdaptedLayer adapted;

    AdaptedGradients(AdaptedLayer adapted) {
        this.adapted = adapted;
    }

    /** The adapter of a layer, or null if the layer trains as stock. */
    static @Nullable AdaptedLayer of(BaseLayer<?> layer) {
        return Dl4jInternals.gradientViews(layer) instanceof AdaptedGradients views ? views.adapted : null;
    }
}
