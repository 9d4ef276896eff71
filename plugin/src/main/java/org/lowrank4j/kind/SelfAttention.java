package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.layers.LearnedSelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The projections of attention, as a layer or a vertex: of queries, keys and values ([heads, size, nIn], M is nIn x heads
 * size and column-major) and of the output (heads size x nOut, row-major).
 */
public final class SelfAttention implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        if (layer instanceof Layer plain) {
            Class<?> type = plain.conf().getLayer().getClass();
            return type == SelfAttentionLayer.class || type == LearnedSelfAttentionLayer.class;
        }
        return layer.getConfig() instanceof AttentionVertex;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(projection("Wq"), projection("Wk"), projection("Wv"), Matrix.asItIs("Wo"));
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.MULTIPLIED;
    }

    static Matrix projection(String parameter) {
        return new Matrix(parameter, SelfAttention::headsAsColumns);
    }

    private static INDArray headsAsColumns(INDArray array) {
        return Matrix.memory(array, array.size(2), array.size(0) * array.size(1), 'f');
    }
}
