package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;

/** As {@link InputRows}, of a layer that has a token for each row, so that no row is made. */
@FunctionalInterface
public interface InputTokens {

    /** The tokens of the last forward pass, without those that the layer's mask leaves out; null if it leaves out all. */
    @Nullable Tokens of(BaseLayer<?> layer);
}
