package org.lowrank4j.subspace;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Very sparse random directions (arXiv 1804.08838, appendix S7; Li, Hastie and Church 2006): in each direction an entry of a
 * tensor of n entries is +-n^(1/4), either with probability 1 / (2 sqrt(n)), else 0; then the direction is divided by its
 * Euclidean norm over all tensors together.
 *
 * <p>Memory: 12 bytes on the heap for each of the d sum_T sqrt(n_T) entries that are not 0, and 8 D; each product takes as
 * many multiplications.
 */
public final class SparseDirections implements Projection {

    private final int entries;

    /** Where each direction is not 0, rising. */
    private final int[][] positions;

    /** What it is there. */
    private final double[][] values;

    private final double[] buffer;

    private SparseDirections(int entries, int[][] positions, double[][] values) {
        this.entries = entries;
        this.positions = positions;
        this.values = values;
        buffer = new double[entries];
    }

    /**
     * Given directions, divided by their norms.
     *
     * @param directions d arrays of D entries, of which none is 0 throughout
     */
    public static SparseDirections of(double[][] directions) {
        int[][] positions = new int[directions.length][];
        double[][] values = new double[directions.length][];
        for (int k = 0; k < directions.length; k++) {
            Builder one = new Builder(16);
            for (int i = 0; i < directions[k].length; i++) {
                if (directions[k][i] != 0) {
                    one.add(i, directions[k][i]);
                }
            }
            positions[k] = one.positions();
            values[k] = one.normalised();
        }
        return new SparseDirections(directions[0].length, positions, values);
    }

    /**
     * Random directions.
     *
     * @param sizes n_T, which sum to D
     */
    public static SparseDirections draw(int[] sizes, int dimension, long seed) {
        int[][] positions = new int[dimension][];
        double[][] values = new double[dimension][];
        for (int k = 0; k < dimension; k++) {
            RandomStream random = new RandomStream(seed, k);
            Builder one = direction(sizes, random);
            // In a tiny network a direction can miss every entry; it would not be one.
            while (one.isEmpty()) {
                one = direction(sizes, random);
            }
            positions[k] = one.positions();
            values[k] = one.normalised();
        }
        return new SparseDirections(Arrays.stream(sizes).sum(), positions, values);
    }

    private static Builder direction(int[] sizes, RandomStream random) {
        Builder one = new Builder((int) (1.2 * expectedEntries(sizes)) + 8);
        int offset = 0;
        for (int size : sizes) {
            double root = Math.sqrt(size);
            double magnitude = Math.sqrt(root);
            double logOfMiss = StrictMath.log(1 - 1 / root);
            // The distance to the next entry of independent ones is geometrically distributed.
            double at = gap(random, logOfMiss);
            while (at < size) {
                one.add(offset + (int) at, random.sign() * magnitude);
                at += 1 + gap(random, logOfMiss);
            }
            offset += size;
        }
        return one;
    }

    private static double gap(RandomStream random, double logOfMiss) {
        return Math.floor(StrictMath.log(random.uniform()) / logOfMiss);
    }

    /** How many entries of a direction are not 0, on average: sum_T sqrt(n_T). */
    static double expectedEntries(int[] sizes) {
        return Arrays.stream(sizes).mapToDouble(Math::sqrt).sum();
    }

    @Override
    public int dimension() {
        return positions.length;
    }

    @Override
    public int entries() {
        return entries;
    }

    @Override
    public void expand(INDArray z, INDArray result) {
        double[] numbers = HostVector.read(z);
        Arrays.fill(buffer, 0);
        for (int k = 0; k < positions.length; k++) {
            int[] at = positions[k];
            double[] value = values[k];
            for (int i = 0; i < at.length; i++) {
                buffer[at[i]] += value[i] * numbers[k];
            }
        }
        HostVector.write(result, buffer);
    }

    @Override
    public void pullBack(INDArray gradient, INDArray result) {
        new HostVector(gradient).read(0, entries, buffer);
        double[] numbers = new double[positions.length];
        for (int k = 0; k < positions.length; k++) {
            int[] at = positions[k];
            double[] value = values[k];
            double sum = 0;
            for (int i = 0; i < at.length; i++) {
                sum += value[i] * buffer[at[i]];
            }
            numbers[k] = sum;
        }
        HostVector.write(result, numbers);
    }

    /** One direction while it grows. */
    private static final class Builder {

        private int[] positions;
        private double[] values;
        private int size;

        Builder(int capacity) {
            positions = new int[capacity];
            values = new double[capacity];
        }

        void add(int position, double value) {
            if (size == positions.length) {
                positions = Arrays.copyOf(positions, 2 * size);
                values = Arrays.copyOf(values, 2 * size);
            }
            positions[size] = position;
            values[size++] = value;
        }

        boolean isEmpty() {
            return size == 0;
        }

        int[] positions() {
            return Arrays.copyOf(positions, size);
        }

        double[] normalised() {
            double squares = 0;
            for (int i = 0; i < size; i++) {
                squares += values[i] * values[i];
            }
            double norm = Math.sqrt(squares);
            double[] divided = new double[size];
            for (int i = 0; i < size; i++) {
                divided[i] = values[i] / norm;
            }
            return divided;
        }
    }
}
