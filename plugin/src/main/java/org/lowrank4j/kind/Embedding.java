package org.lowrank4j.kind;

import java.util.List;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.feedforward.embedding.EmbeddingLayer;
import org.deeplearning4j.nn.layers.feedforward.embedding.EmbeddingSequenceLayer;

/** The table of an embedding, token x unit. */
public final class Embedding implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == EmbeddingLayer.class || layer.getClass() == EmbeddingSequenceLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(new Matrix("W", UnaryOperator.identity(), array -> PeftForm.EMBEDDING));
    }

    @Override
    public StandIn standIn(Layer layer) {
        TokenInput input = layer instanceof EmbeddingSequenceLayer ? TokenInput.SERIES : TokenInput.SINGLE;
        return new StandIn() {
            @Override
            public LayerPasses passes(LayerTraining training) {
                return new EmbeddingPasses(training, input);
            }

            @Override
            public boolean mayLag(String parameter) {
                return true;
            }
        };
    }

    @Override
    public DefaultTarget byDefault() {
        return DefaultTarget.NEVER;
    }
}
