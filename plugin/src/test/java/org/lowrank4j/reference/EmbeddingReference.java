package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Embeddings of single tokens and of series of them. */
public final class EmbeddingReference extends LayerCases {

    public EmbeddingReference() {
        super("embedding");
    }

    @Override
    String input() {
        return "indices";
    }

    @Override
    Layer layer(ReferenceCase given) {
        INDArray table = given.input("W", DataType.DOUBLE);
        boolean bias = given.hasInput("bias");
        return given.text("layer").equals("EmbeddingSequenceLayer")
                ? new EmbeddingSequenceLayer.Builder()
                        .nIn(table.size(0))
                        .nOut(table.size(1))
                        .hasBias(bias)
                        .build()
                : new EmbeddingLayer.Builder()
                        .nIn(table.size(0))
                        .nOut(table.size(1))
                        .hasBias(bias)
                        .build();
    }

    /** Tokens that do not occur have a gradient of exactly 0. */
    @Override
    void addOwn(OneLayer layer, Outcome outcome) {
        INDArray gradient = layer.gradientOfMatrix("W");
        outcome.put("occurs", gradient.norm1(1).gt(0).castTo(gradient.dataType()));
    }
}
