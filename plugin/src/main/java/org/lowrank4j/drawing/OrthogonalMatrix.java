package org.lowrank4j.drawing;

import java.util.Random;
import org.lowrank4j.decomposition.ThinQr;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Random matrices whose singular values are all alike (arXiv 1312.6120, section 3): Q of the QR decomposition of a normal
 * matrix whose R has a positive diagonal, so that every orthogonal matrix is equally likely.
 */
public final class OrthogonalMatrix {

    private OrthogonalMatrix() {}

    /** Fills a matrix; rows are orthogonal to each other if it is wider than tall, columns otherwise. */
    public static void fill(INDArray matrix, double gain, Random random) {
        long rows = matrix.size(0);
        long columns = matrix.size(1);
        INDArray normal = NormalMatrix.of(Math.max(rows, columns), Math.min(rows, columns), 1, random);
        INDArray q = ThinQr.of(normal).q();
        matrix.assign((rows < columns ? q.transpose() : q).mul(gain).castTo(matrix.dataType()));
    }
}
