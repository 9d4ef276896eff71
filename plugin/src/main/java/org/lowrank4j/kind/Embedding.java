package org.lowrank4j.kind;

import java.util.List;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.feedforward.embedding.EmbeddingLayer;
import org.deeplearning4j.nn.layers.feedforward.embedding.EmbeddingSequenceLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

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
    public PreActivation preActivation() {
        return PreActivation.OTHER;
    }

    @Override
    public InputTokens inputTokens() {
        return layer -> {
            Tokens tokens = input(layer).tokens(layer, layer.getParam("W").size(0));
            INDArray mask = layer.getMaskArray();
            return tokens == null || mask == null ? tokens : tokens.unmasked(mask);
        };
    }

    /** A token that does not occur has a row of A without a gradient: that of A, and not of B, is to be 0. */
    @Override
    public String defaultStart() {
        return "embedding";
    }

    @Override
    public List<String> types() {
        return List.of("EmbeddingLayer", "EmbeddingSequenceLayer");
    }

    private static TokenInput input(Layer layer) {
        return layer instanceof EmbeddingSequenceLayer ? TokenInput.SERIES : TokenInput.SINGLE;
    }

    @Override
    public StandIn standIn(Layer layer) {
        TokenInput input = input(layer);
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
