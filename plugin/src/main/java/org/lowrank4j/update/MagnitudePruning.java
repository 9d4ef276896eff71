package org.lowrank4j.update;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Clears the entries of smallest magnitude of an updater's state, separately for each of its moments. */
final class MagnitudePruning {

    private MagnitudePruning() {}

    /**
     * Keeps the entries whose magnitude is strictly above a quantile of all magnitudes, which lies between two of them in
     * proportion (linear interpolation).
     *
     * @param state the moments of one tensor, one after the other; or empty
     * @param length entries of the tensor
     * @param ratio 0 to 1; 1 clears everything
     */
    static void prune(INDArray state, long length, double ratio) {
        if (state.isEmpty() || ratio == 0) {
            return;
        }
        long moments = state.length() / length;
        INDArray rows = state.reshape('c', moments, length);
        for (long i = 0; i < moments; i++) {
            INDArray moment = rows.getRow(i);
            double[] entries = moment.dup().data().asDouble();
            double[] magnitudes = Arrays.stream(entries).map(Math::abs).sorted().toArray();
            double position = ratio * (magnitudes.length - 1);
            int below = (int) position;
            int above = Math.min(below + 1, magnitudes.length - 1);
            double threshold = magnitudes[below] + (position - below) * (magnitudes[above] - magnitudes[below]);
            for (int j = 0; j < entries.length; j++) {
                if (Math.abs(entries[j]) <= threshold) {
                    entries[j] = 0;
                }
            }
            moment.assign(
                    Nd4j.createFromArray(entries).castTo(moment.dataType()).reshape(moment.shape()));
        }
    }
}
