package org.lowrank4j.subspace;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The Fastfood transform as a projection (arXiv 1408.3060; as used in arXiv 1804.08838, appendix S7, and its released
 * code), in one block for all entries. With L = 2^ceil(log2 D):
 *
 * <pre>
 * P z   = first D of H (G * Pi H (B * pad(z))) / divisor
 * P^T g = first d of B * H Pi^T (G * H pad(g)) / divisor
 * divisor = sqrt(L sum G^2) sqrt(D / L)
 * </pre>
 *
 * where H is the {@link WalshHadamard} transform, Pi takes entry i from permutation[i], and B (random signs) and G (standard
 * normal) multiply entry by entry. Directions have a length of 1 on average: for D of some thousands within 2 %.
 *
 * <p>Only d of the L entries of pad(z) are not 0, so that H (B * pad(z)) repeats itself every m = 2^ceil(log2 d) entries:
 * the transform next to z has length m, and each product takes L log2 L + m log2 m additions. Memory: 28 L bytes on the heap.
 */
public final class Fastfood implements Projection {

    private final int entries;
    private final double[] signs;
    private final double divisor;
    private final WalshHadamard transform;

    /** G over the divisor, in the order of the transform's columns. */
    private final double[][] factors;

    /** Pi, modulo m, in the same order. */
    private final int[][] sources;

    /** What is next to z: m numbers. */
    private final double[] small;

    /**
     * Of given parts.
     *
     * @param entries D
     * @param signs B, the d of it that count, each 1 or -1
     * @param permutation L different numbers from 0 to L - 1
     * @param normals G, L numbers
     */
    public Fastfood(int entries, double[] signs, int[] permutation, double[] normals) {
        this.entries = entries;
        this.signs = signs.clone();
        int log = WalshHadamard.log(entries);
        transform = new WalshHadamard(log);
        small = new double[1 << WalshHadamard.log(signs.length)];
        double squares = 0;
        for (double normal : normals) {
            squares += normal * normal;
        }
        double length = 1 << log;
        divisor = Math.sqrt(length * squares) * Math.sqrt(entries / length);
        int height = transform.rows().length;
        int width = transform.columns().length;
        factors = new double[width][height];
        sources = new int[width][height];
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                factors[column][row] = normals[row * width + column] / divisor;
                sources[column][row] = permutation[row * width + column] & small.length - 1;
            }
        }
    }

    /**
     * Random parts.
     *
     * @param entries D, up to 2^30
     * @param dimension d, up to D
     */
    public static Fastfood draw(int entries, int dimension, long seed) {
        int length = 1 << WalshHadamard.log(entries);
        RandomStream random = new RandomStream(seed, 0);
        double[] signs = new double[dimension];
        for (int i = 0; i < dimension; i++) {
            signs[i] = random.sign();
        }
        random = new RandomStream(seed, 1);
        int[] permutation = new int[length];
        for (int i = 0; i < length; i++) {
            int other = random.below(i + 1);
            permutation[i] = permutation[other];
            permutation[other] = i;
        }
        random = new RandomStream(seed, 2);
        double[] normals = new double[length];
        for (int i = 0; i < length; i++) {
            normals[i] = random.normal();
        }
        return new Fastfood(entries, signs, permutation, normals);
    }

    /** What the products are divided by. */
    public double divisor() {
        return divisor;
    }

    @Override
    public int dimension() {
        return signs.length;
    }

    @Override
    public int entries() {
        return entries;
    }

    @Override
    public void expand(INDArray z, INDArray result) {
        double[] numbers = HostVector.read(z);
        for (int i = 0; i < small.length; i++) {
            small[i] = i < numbers.length ? signs[i] * numbers[i] : 0;
        }
        WalshHadamard.transform(small);
        double[][] columns = transform.columns();
        for (int c = 0; c < columns.length; c++) {
            spread(factors[c], sources[c], small, columns[c]);
        }
        transform.toRows();
        HostVector target = new HostVector(result);
        int offset = 0;
        for (double[] row : transform.rows()) {
            int length = Math.min(row.length, entries - offset);
            if (length <= 0) {
                return;
            }
            target.write(offset, length, row);
            offset += length;
        }
    }

    @Override
    public void pullBack(INDArray gradient, INDArray result) {
        HostVector source = new HostVector(gradient);
        int offset = 0;
        for (double[] row : transform.rows()) {
            int length = Math.min(row.length, entries - offset);
            source.read(offset, length, row);
            Arrays.fill(row, length, row.length, 0);
            offset += length;
        }
        transform.toColumns();
        Arrays.fill(small, 0);
        double[][] columns = transform.columns();
        for (int c = 0; c < columns.length; c++) {
            collect(factors[c], sources[c], columns[c], small);
        }
        WalshHadamard.transform(small);
        double[] numbers = new double[signs.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = signs[i] * small[i];
        }
        HostVector.write(result, numbers);
    }

    private static void spread(double[] factors, int[] sources, double[] small, double[] column) {
        for (int i = 0; i < column.length; i++) {
            column[i] = factors[i] * small[sources[i]];
        }
    }

    private static void collect(double[] factors, int[] sources, double[] column, double[] small) {
        for (int i = 0; i < column.length; i++) {
            small[sources[i]] += factors[i] * column[i];
        }
    }
}
