package org.lowrank4j.subspace;

/**
 * The Walsh-Hadamard transform of n = 2^k numbers, not normalised: y_i = sum_j (-1)^(number of ones in i AND j) x_j. It is
 * its own transpose, and twice it is n times the identity. It takes n k additions.
 *
 * <p>The numbers lie in a matrix, {@code rows[r][c]} for number r * columns + c, and the transform adds and subtracts whole
 * rows: loops over several arrays, which the compiler turns into vector instructions, as it cannot for strides within one
 * array. For the other half of the levels the matrix is transposed. So the transform starts in one of two places and ends
 * in the other, and a second transposition, which would be as expensive as the additions, is left out.
 */
final class WalshHadamard {

    /** Side of the squares that are transposed at a time: a row of one is two lines of the cache. */
    private static final int TILE = 16;

    private final double[][] rows;
    private final double[][] columns;

    /** @param log k, from 0 to 30 */
    WalshHadamard(int log) {
        int rowLog = log / 2;
        rows = new double[1 << rowLog][1 << log - rowLog];
        columns = new double[1 << log - rowLog][1 << rowLog];
    }

    /** k such that 2^k is at least n and 2^(k-1) is not. */
    static int log(int n) {
        return n <= 1 ? 0 : 32 - Integer.numberOfLeadingZeros(n - 1);
    }

    /** The live numbers, in their order row after row. */
    double[][] rows() {
        return rows;
    }

    /** The live numbers, transposed: {@code columns[c][r]}. */
    double[][] columns() {
        return columns;
    }

    /** Transforms what is in {@link #rows()}, which is destroyed, into {@link #columns()}. */
    void toColumns() {
        butterflies(rows, 0, rows.length);
        transpose(rows, columns);
        butterflies(columns, 0, columns.length);
    }

    /** Transforms what is in {@link #columns()}, which is destroyed, into {@link #rows()}. */
    void toRows() {
        butterflies(columns, 0, columns.length);
        transpose(columns, rows);
        butterflies(rows, 0, rows.length);
    }

    /** The transform of a few numbers in place. */
    static void transform(double[] x) {
        for (int half = 1; half < x.length; half *= 2) {
            for (int block = 0; block < x.length; block += 2 * half) {
                for (int i = block; i < block + half; i++) {
                    double sum = x[i] + x[i + half];
                    x[i + half] = x[i] - x[i + half];
                    x[i] = sum;
                }
            }
        }
    }

    /**
     * The transform over the first index, two levels at a time, and depth first, so that the rows of small blocks stay in the
     * cache from one level to the next.
     */
    private static void butterflies(double[][] x, int start, int count) {
        if (count == 2) {
            two(x[start], x[start + 1]);
        }
        if (count < 4) {
            return;
        }
        int quarter = count / 4;
        for (int i = 0; i < 4; i++) {
            butterflies(x, start + i * quarter, quarter);
        }
        for (int i = start; i < start + quarter; i++) {
            four(x[i], x[i + quarter], x[i + 2 * quarter], x[i + 3 * quarter]);
        }
    }

    private static void four(double[] a, double[] b, double[] c, double[] d) {
        for (int i = 0; i < a.length; i++) {
            double sum = a[i] + b[i];
            double difference = a[i] - b[i];
            double otherSum = c[i] + d[i];
            double otherDifference = c[i] - d[i];
            a[i] = sum + otherSum;
            b[i] = difference + otherDifference;
            c[i] = sum - otherSum;
            d[i] = difference - otherDifference;
        }
    }

    private static void two(double[] a, double[] b) {
        for (int i = 0; i < a.length; i++) {
            double sum = a[i] + b[i];
            b[i] = a[i] - b[i];
            a[i] = sum;
        }
    }

    private static void transpose(double[][] from, double[][] to) {
        int height = from.length;
        int width = to.length;
        for (int top = 0; top < height; top += TILE) {
            int bottom = Math.min(height, top + TILE);
            for (int left = 0; left < width; left += TILE) {
                for (int column = left; column < Math.min(width, left + TILE); column++) {
                    double[] target = to[column];
                    for (int row = top; row < bottom; row++) {
                        target[row] = from[row][column];
                    }
                }
            }
        }
    }
}
