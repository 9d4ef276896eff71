package org.lowrank4j.gradient.exchange;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The entries of largest magnitude, with their values; of equal ones those that come first in column-major order. */
final class TopK {

    private TopK() {}

    static SparseMessage of(INDArray matrix, int kept) {
        double[] entries = matrix.dup('f').data().asDouble();
        double[] magnitudes = new double[entries.length];
        Arrays.setAll(magnitudes, i -> Math.abs(entries[i]));
        Arrays.sort(magnitudes);
        double smallest = magnitudes[magnitudes.length - kept];
        int above = 0;
        while (above < kept && magnitudes[magnitudes.length - 1 - above] > smallest) {
            above++;
        }
        int equalsLeft = kept - above;
        int[] positions = new int[kept];
        double[] values = new double[kept];
        int count = 0;
        for (int i = 0; i < entries.length && count < kept; i++) {
            double magnitude = Math.abs(entries[i]);
            if (magnitude > smallest || magnitude == smallest && equalsLeft-- > 0) {
                positions[count] = i;
                values[count++] = entries[i];
            }
        }
        return new SparseMessage(matrix.dataType(), matrix.shape(), positions, values);
    }
}
