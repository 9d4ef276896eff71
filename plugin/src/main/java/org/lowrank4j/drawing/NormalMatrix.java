package org.lowrank4j.drawing;

import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Matrices of independent normal numbers. */
public final class NormalMatrix {

    private NormalMatrix() {}

    /** A new one in double. */
    static INDArray of(long rows, long columns, double deviation, Random random) {
        double[] entries = new double[Math.toIntExact(rows * columns)];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = deviation * random.nextGaussian();
        }
        return Nd4j.create(entries, new long[] {rows, columns}, 'c');
    }

    /** Fills a matrix or a row. */
    public static void fill(INDArray matrix, double deviation, Random random) {
        matrix.assign(of(matrix.length() / matrix.size(-1), matrix.size(-1), deviation, random)
                .reshape(matrix.shape())
                .castTo(matrix.dataType()));
    }
}
