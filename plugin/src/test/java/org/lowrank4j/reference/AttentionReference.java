package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Self-attention, with a pair of factors for each projection. DL4J's backward pass of every layer that is made with SameDiff
 * returns twice the gradients and the epsilon, and training uses them as DL4J makes them, with an adapter as without one. So
 * those are compared with the numbers that the cases have for DL4J.
 */
public final class AttentionReference extends LayerCases {

    public AttentionReference() {
        super("attention");
    }

    @Override
    Layer layer(ReferenceCase given) {
        return new SelfAttentionLayer.Builder()
                .nIn(units(given, "x"))
                .nOut(units(given, "target"))
                .nHeads(given.whole("n_heads"))
                .headSize(given.whole("head_size"))
                .projectInput(true)
                .build();
    }

    private static int units(ReferenceCase given, String series) {
        return Math.toIntExact(given.input(series, DataType.DOUBLE).size(1));
    }

    @Override
    double gradientFactor() {
        return 2;
    }

    @Override
    void addOwn(OneLayer layer, Outcome outcome) {
        outcome.isAlternative("stock DL4J 1.0.0-M2.1, factor 2");
    }
}
