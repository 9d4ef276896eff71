package org.lowrank4j.initialisation;

import java.util.function.DoubleSupplier;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Random matrices whose entries depend only on the generator given, never on ND4J's global one. */
final class Draws {

    private Draws() {}

    /**
     * A rows x columns matrix in double, drawn row by row.
     *
     * @throws LowRankException if it has more entries than a Java array
     */
    static INDArray matrix(long rows, long columns, DoubleSupplier entry) {
        if (rows * columns > Integer.MAX_VALUE - 8) {
            throw new LowRankException(
                    "A factor of " + rows + " x " + columns + " entries is too large to draw; the limit is "
                            + (Integer.MAX_VALUE - 8) + " entries. Lower the rank, or adapt other layers.");
        }
        double[] values = new double[(int) (rows * columns)];
        for (int i = 0; i < values.length; i++) {
            values[i] = entry.getAsDouble();
        }
        return Nd4j.create(values, new long[] {rows, columns}, 'c');
    }
}
