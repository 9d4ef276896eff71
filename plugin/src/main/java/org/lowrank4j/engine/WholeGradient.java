package org.lowrank4j.engine;

import java.util.List;
import java.util.Map;
import org.lowrank4j.gradient.NetworkGradient;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The gradient of everything that a network trains as one vector, for an approximation that looks at it whole. */
final class WholeGradient {

    private final NetworkGradient approximation;
    private final List<INDArray> pieces;
    private final INDArray joined;

    /** @param pieces views of the compact gradient, without running statistics */
    WholeGradient(NetworkGradient approximation, List<INDArray> pieces, DataType type) {
        this.approximation = approximation;
        this.pieces = pieces;
        joined = pieces.size() == 1 ? pieces.get(0).reshape(length(pieces)) : Nd4j.create(type, length(pieces));
    }

    static long length(List<INDArray> pieces) {
        return pieces.stream().mapToLong(INDArray::length).sum();
    }

    void replace() {
        if (pieces.size() == 1) {
            approximation.replace(joined);
            return;
        }
        long offset = 0;
        for (INDArray piece : pieces) {
            part(offset, piece).assign(piece);
            offset += piece.length();
        }
        approximation.replace(joined);
        offset = 0;
        for (INDArray piece : pieces) {
            piece.assign(part(offset, piece));
            offset += piece.length();
        }
    }

    private INDArray part(long offset, INDArray piece) {
        return joined.get(NDArrayIndex.interval(offset, offset + piece.length()))
                .reshape(piece.ordering(), piece.shape());
    }

    Map<String, INDArray> state() {
        return approximation.state();
    }

    void restore(Map<String, INDArray> state) {
        approximation.restore(state);
    }
}
