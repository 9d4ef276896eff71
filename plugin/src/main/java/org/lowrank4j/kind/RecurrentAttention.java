package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.layers.RecurrentAttentionLayer;

/** Recurrent attention: the weights of inputs (W) and previous outputs (RW), and the projections of {@link SelfAttention}. */
public final class RecurrentAttention implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer instanceof Layer plain && plain.conf().getLayer().getClass() == RecurrentAttentionLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(
                Matrix.asItIs("W"),
                Matrix.asItIs("RW"),
                SelfAttention.projection("Wq"),
                SelfAttention.projection("Wk"),
                SelfAttention.projection("Wv"),
                Matrix.asItIs("Wo"));
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.MULTIPLIED;
    }
}
