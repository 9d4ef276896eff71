package org.lowrank4j.initialisation;

import java.util.function.DoubleSupplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Random matrices whose entries depend only on the generator given, never on ND4J's global one. */
final class Draws {

    private Draws() {}

    /** A rows x columns matrix in double, drawn row by row. */
    static INDArray matrix(long rows, long columns, DoubleSupplier entry) {
        double[] values = new double[Math.toIntExact(Math.multiplyExact(rows, columns))];
        for (int i = 0; i < values.length; i++) {
            values[i] = entry.getAsDouble();
        }
        return Nd4j.create(values, new long[] {rows, columns}, 'c');
    }
}
