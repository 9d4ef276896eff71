package org.lowrank4j.kind;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scatter.ScatterUpdate.UpdateOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Rows that are tokens: X (rows x vocabulary) is 1 where a row's token is and 0 elsewhere, and is never made. A product with
 * it picks rows, and one with its transpose adds rows up.
 *
 * <p>A row of a column-major table lies in as many places as it has entries. ND4J goes through the tokens as they come and
 * waits for memory at each; in ascending order they go through each column once from its begin to its end.
 */
public final class Tokens {

    private static final int[] ROWS = {1};

    /** So many columns are gone through at a time, which was fastest: half a cache line of the result. */
    private static final int COLUMNS = 8;

    private final int[] numbers;
    private final long vocabulary;

    /** (token, row) as one number each, ascending. */
    private long[] ascending = {};

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

    /** How often each of them is there. */
    public double[] counts() {
        double[] counts = new double[Math.toIntExact(vocabulary)];
        for (int number : numbers) {
            counts[number]++;
        }
        return counts;
    }

    /** X itself, rows x vocabulary in double: for who cannot do without. */
    public INDArray formed() {
        INDArray formed = Nd4j.zeros(DataType.DOUBLE, rows(), vocabulary);
        for (int row = 0; row < numbers.length; row++) {
            formed.putScalar(row, numbers[row], 1);
        }
        return formed;
    }

    /**
     * Those that a mask leaves.
     *
     * @param mask 0 where a token is left out, in the order of the tokens
     * @return null if it leaves none
     */
    @Nullable Tokens unmasked(INDArray mask) {
        double[] flags = mask.dup('c').data().asDouble();
        int[] left = IntStream.range(0, numbers.length)
                .filter(row -> flags[row] != 0)
                .map(row -> numbers[row])
                .toArray();
        return left.length == 0 ? null : new Tokens(left, vocabulary);
    }

    /**
     * X M: the row of M for each token.
     *
     * @param matrix M, vocabulary x k, column- or row-major
     * @param result rows x k, row-major
     */
    public void times(INDArray matrix, INDArray result) {
        if (!isFloats(matrix, 0) || !isFloats(result, 1)) {
            Nd4j.pullRows(matrix, result, 1, numbers);
            return;
        }
        FloatBuffer table = floats(matrix);
        FloatBuffer picked = floats(result);
        int height = (int) vocabulary;
        int width = (int) matrix.size(1);
        for (int first = 0; first < width; first += COLUMNS) {
            int columns = Math.min(COLUMNS, width - first);
            for (long one : ascending()) {
                int from = first * height + token(one);
                int to = row(one) * width + first;
                for (int i = 0; i < columns; i++) {
                    picked.put(to + i, table.get(from + i * height));
                }
            }
        }
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
        if (!isFloats(result, 0)) {
            Nd4j.scatterUpdate(UpdateOp.ADD, result, Nd4j.createFromArray(numbers), scaled, ROWS);
            return;
        }
        FloatBuffer sums = floats(result);
        FloatBuffer rows = floats(scaled);
        int height = (int) vocabulary;
        int width = (int) values.size(1);
        for (long one : ascending()) {
            int from = row(one) * width;
            for (int i = 0; i < width; i++) {
                int to = i * height + token(one);
                sums.put(to, sums.get(to) + rows.get(from + i));
            }
        }
    }

    private long[] ascending() {
        if (ascending.length < numbers.length) {
            ascending = new long[numbers.length];
            for (int row = 0; row < numbers.length; row++) {
                ascending[row] = (long) numbers[row] << Integer.SIZE | row;
            }
            Arrays.sort(ascending);
        }
        return ascending;
    }

    private static int token(long one) {
        return (int) (one >> Integer.SIZE);
    }

    private static int row(long one) {
        return (int) one;
    }

    /** Whether a matrix is floats that one buffer reaches, with nothing between rows (0) or columns (1) of memory. */
    private static boolean isFloats(INDArray matrix, int fastest) {
        return matrix.dataType() == DataType.FLOAT
                && matrix.length() <= Integer.MAX_VALUE / Float.BYTES
                && matrix.stride(fastest) == 1
                && matrix.stride(1 - fastest) == matrix.size(fastest);
    }

    private static FloatBuffer floats(INDArray matrix) {
        return NativeMemory.window(matrix, 0, (int) matrix.length() * Float.BYTES)
                .asFloatBuffer();
    }
}
