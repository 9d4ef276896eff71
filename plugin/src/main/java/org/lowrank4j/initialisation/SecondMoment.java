package org.lowrank4j.initialisation;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.Tokens;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The second moment C of a layer's inputs: the mean of x^T x over all rows x seen, nIn x nIn, with every row weighing the
 * same and the mean of x left in. It is summed in double and takes 8 nIn^2 bytes; of tokens it is diagonal, and takes 8 nIn.
 */
public final class SecondMoment implements InputStatistics {

    /** Beyond this no array of doubles can be decomposed. */
    private static final long MOST_INPUTS = (long) Math.sqrt(Integer.MAX_VALUE - 8);

    private final long inputs;
    private @Nullable INDArray sum;
    private long rows;

    /**
     * Of no rows yet.
     *
     * @param inputs nIn
     */
    public SecondMoment(long inputs) {
        this.inputs = inputs;
    }

    /**
     * Takes in rows.
     *
     * @throws LowRankException if nIn^2 numbers are too many to decompose
     */
    @Override
    public void observe(INDArray x) {
        if (x.rank() != 2 || x.size(1) != inputs) {
            throw new LowRankException("The inputs of a layer with nIn = " + inputs + " are rows x nIn, and these"
                    + " have the shape " + Arrays.toString(x.shape()) + ".");
        }
        if (inputs > MOST_INPUTS) {
            throw new LowRankException("The second moment of a layer's inputs has nIn x nIn entries, and this layer has"
                    + " nIn = " + inputs + "; the limit is " + MOST_INPUTS + ".");
        }
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            INDArray wide = x.castTo(DataType.DOUBLE);
            Nd4j.gemm(wide, wide, sum(inputs), true, false, 1, 1);
        }
        rows += x.size(0);
    }

    @Override
    public void observe(Tokens x) {
        INDArray diagonal = sum(1);
        double[] counts = x.counts();
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            diagonal.addi(Nd4j.createFromArray(counts).reshape(counts.length, 1));
        }
        rows += x.rows();
    }

    private INDArray sum(long columns) {
        INDArray known = sum;
        if (known == null) {
            known = Nd4j.createUninitializedDetached(DataType.DOUBLE, 'f', inputs, columns)
                    .assign(0);
            sum = known;
        }
        return known;
    }

    /** How many rows were seen. */
    public long rows() {
        return rows;
    }

    /**
     * C, as a new array; of tokens its diagonal, nIn x 1.
     *
     * @throws LowRankException if no row was seen, or if an input was not finite
     */
    public INDArray mean() {
        INDArray seen = sum;
        if (rows == 0 || seen == null) {
            throw new LowRankException("No input of the layer was seen: the calibration batches have no rows.");
        }
        if (!Double.isFinite(seen.sumNumber().doubleValue())) {
            throw new LowRankException("The calibration batches have inputs of the layer that are NaN or infinite. Look"
                    + " for such values in the data and in the weights of the layers below.");
        }
        return seen.div(rows);
    }

    /**
     * The product of such a matrix, or of one made of it, with another.
     *
     * @param square n x n, or the diagonal of one, n x 1
     * @param matrix n x m
     */
    public static INDArray times(INDArray square, INDArray matrix) {
        return square.size(1) == 1 ? matrix.mulColumnVector(square) : square.mmul(matrix);
    }
}
