package org.lowrank4j.kind;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scatter.ScatterUpdate.UpdateOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Rows that are tokens: X (rows x vocabulary) is 1 where a row's token is and 0 elsewhere, and is never made. A product with
 * it picks rows, and one with its transpose adds rows up.
 */
public final class Tokens {

    private static final int[] ROWS = {1};

    private final int[] numbers;
    private final long vocabulary;

    /**
     * @param numbers of the tokens, 0 to vocabulary - 1; not copied
     * @param vocabulary how many different ones there are
     */
    public Tokens(int[] numbers, long vocabulary) {
        this.numbers = numbers;
        this.vocabulary = vocabulary;
    }

    /** How many rows X has. */
    public long rows() {
        return numbers.length;
    }

    /** How many columns X has. */
    public long vocabulary() {
        return vocabulary;
    }

    /**
     * X M: the row of M for each token.
     *
     * @param matrix M, vocabulary x k, column- or row-major
     * @param result rows x k, row-major
     */
    public void times(INDArray matrix, INDArray result) {
        Nd4j.pullRows(matrix, result, 1, numbers);
    }

    /**
     * result = scale X^T V + keep result: the rows of V, added up by token.
     *
     * @param values V, rows x k
     * @param result vocabulary x k, column- or row-major
     */
    public void transposeTimes(INDArray values, double scale, INDArray result, double keep) {
        if (keep == 0) {
            result.assign(0);
        } else if (keep != 1) {
            result.muli(keep);
        }
        INDArray scaled = Nd4j.createUninitialized(values.dataType(), values.shape(), 'c');
        values.muli(scale, scaled);
        Nd4j.scatterUpdate(UpdateOp.ADD, result, Nd4j.createFromArray(numbers), scaled, ROWS);
    }
}
