package org.lowrank4j.initialisation;

import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Pairs of a column of A and a row of B that are both 0. Neither has a gradient while the other is 0, so no step would
 * ever move them.
 */
public final class DeadPairs {

    private DeadPairs() {}

    /** The same A B with such pairs started as {@link Kaiming} does: the column of A random, the row of B 0. */
    public static Factors revived(Factors factors, Start start) {
        INDArray random = null;
        for (int i = 0; i < start.rank(); i++) {
            INDArray column = factors.a().getColumn(i);
            if (isZero(column) && isZero(factors.b().getRow(i))) {
                random = random == null ? new Kaiming().start(start).a() : random;
                column.assign(random.getColumn(i));
            }
        }
        return factors;
    }

    private static boolean isZero(INDArray vector) {
        return vector.normmaxNumber().doubleValue() == 0;
    }
}
