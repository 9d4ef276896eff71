package org.lowrank4j.initialisation;

import java.util.Arrays;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The second moment C of a layer's inputs: the mean of x^T x over all rows x seen, nIn x nIn, with every row weighing the
 * same and the mean of x left in. It is summed in double and takes 8 nIn^2 bytes.
 */
public final class SecondMoment implements InputStatistics {

    /** Beyond this no array of doubles can be decomposed. */
    private static final long MOST_INPUTS = (long) Math.sqrt(Integer.MAX_VALUE - 8);

    private final INDArray sum;
    private long rows;

    /**
     * Of no rows yet.
     *
     * @throws LowRankException if nIn^2 numbers are too many to decompose
     */
    public SecondMoment(long inputs) {
        if (inputs > MOST_INPUTS) {
            throw new LowRankException("The second moment of a layer's inputs has nIn x nIn entries, and this layer has"
                    + " nIn = " + inputs + "; the limit is " + MOST_INPUTS + ".");
        }
        sum = Nd4j.createUninitializedDetached(DataType.DOUBLE, 'f', inputs, inputs)
                .assign(0);
    }

    @Override
    public void observe(INDArray x) {
        if (x.rank() != 2 || x.size(1) != sum.size(0)) {
            throw new LowRankException("The inputs of a layer with nIn = " + sum.size(0) + " are rows x nIn, and these"
                    + " have the shape " + Arrays.toString(x.shape()) + ".");
        }
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            INDArray wide = x.castTo(DataType.DOUBLE);
            Nd4j.gemm(wide, wide, sum, true, false, 1, 1);
        }
        rows += x.size(0);
    }

    /** How many rows were seen. */
    public long rows() {
        return rows;
    }

    /**
     * C, as a new array.
     *
     * @throws LowRankException if no row was seen, or if an input was not finite
     */
    public INDArray mean() {
        if (rows == 0) {
            throw new LowRankException("No input of the layer was seen: the calibration batches have no rows.");
        }
        if (!Double.isFinite(sum.sumNumber().doubleValue())) {
            throw new LowRankException("The calibration batches have inputs of the layer that are NaN or infinite. Look"
                    + " for such values in the data and in the weights of the layers below.");
        }
        return sum.div(rows);
    }
}
