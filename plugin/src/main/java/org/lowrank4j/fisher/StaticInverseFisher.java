package org.lowrank4j.fisher;

import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Products with the inverse of the empirical Fisher matrix of m gradients of d entries, without forming a d x d matrix:
 * the static algorithm of M-FAC (arXiv 2107.03356, section 3.1).
 *
 * <pre>
 * F = lambda I + (1 / m) sum of g_i g_i^T
 * h_i = g_i / lambda - sum over j &lt; i of (h_j . g_i / w_j) h_j,    w_i = m + g_i . h_i
 * F^-1 x = x / lambda - sum over i of (h_i . x / w_i) h_i
 * diagonal of F^-1 = 1 / lambda - sum over i of h_i^2 / w_i
 * </pre>
 *
 * <p>In double throughout, for lambda is small. With blocks, F is taken to be 0 outside square blocks on its diagonal,
 * and each block is inverted by itself.
 *
 * <p>Memory: m d doubles. Making it takes 2 m^2 d multiplications, a product 2 m d.
 */
public final class StaticInverseFisher {

    private final long entries;
    private final double lambda;
    private final List<Block> blocks = new ArrayList<>();

    /**
     * The coordinates from {@code from} on.
     *
     * @param h m rows
     * @param w m values
     */
    private record Block(long from, INDArray h, double[] w) {

        long to() {
            return from + h.size(1);
        }
    }

    /**
     * Works out all h and w.
     *
     * @param gradients m x d, one gradient in each row; means over their batches, not sums
     * @param lambda the damping, above 0
     * @param blockSize how many consecutive coordinates make a block, the last of which may be shorter; d and more for a
     *     single one
     * @throws LowRankException if an argument is out of its range
     */
    public StaticInverseFisher(INDArray gradients, double lambda, long blockSize) {
        Damping.check(lambda);
        if (gradients.rank() != 2) {
            throw new LowRankException(
                    "The gradients of a Fisher matrix are the rows of one matrix, and this array has "
                            + gradients.rank() + " dimensions.");
        }
        if (blockSize < 1) {
            throw new LowRankException("A Fisher matrix in blocks of " + blockSize
                    + " is refused: a block has at least 1 coordinate; 128 is published for pruning.");
        }
        this.lambda = lambda;
        entries = gradients.size(1);
        for (long from = 0; from < entries; from += blockSize) {
            long to = Math.min(entries, from + blockSize);
            blocks.add(block(
                    from,
                    gradients
                            .get(NDArrayIndex.all(), NDArrayIndex.interval(from, to))
                            .castTo(DataType.DOUBLE)));
        }
    }

    private Block block(long from, INDArray gradients) {
        int count = Math.toIntExact(gradients.size(0));
        INDArray h = Nd4j.create(DataType.DOUBLE, new long[] {count, gradients.size(1)}, 'c');
        double[] w = new double[count];
        for (int i = 0; i < count; i++) {
            INDArray gradient = gradients.getRow(i);
            INDArray row = gradient.div(lambda);
            if (i > 0) {
                row.subi(combined(h.get(NDArrayIndex.interval(0, i), NDArrayIndex.all()), w, gradient));
            }
            h.putRow(i, row);
            w[i] = count + dot(gradient, row);
        }
        return new Block(from, h, w);
    }

    /** The sum of (h_i . x / w_i) h_i. */
    private static INDArray combined(INDArray h, double[] w, INDArray x) {
        INDArray coefficients = h.mmul(x.reshape(x.length(), 1));
        for (int i = 0; i < h.size(0); i++) {
            coefficients.putScalar(i, coefficients.getDouble(i) / w[i]);
        }
        return h.transpose().mmul(coefficients).reshape(x.length());
    }

    private static double dot(INDArray one, INDArray other) {
        return one.mul(other).sumNumber().doubleValue();
    }

    /**
     * F^-1 x.
     *
     * @param x d entries
     * @return d doubles, rank 1
     */
    public INDArray multiply(INDArray x) {
        if (x.length() != entries) {
            throw new IllegalArgumentException("x has " + x.length() + " entries, and the gradients " + entries);
        }
        INDArray given = x.castTo(DataType.DOUBLE).reshape(entries);
        INDArray product = given.div(lambda);
        for (Block block : blocks) {
            INDArray part = product.get(NDArrayIndex.interval(block.from(), block.to()));
            part.subi(combined(block.h(), block.w(), given.get(NDArrayIndex.interval(block.from(), block.to()))));
        }
        return product;
    }

    /** The diagonal of F^-1: d doubles, rank 1. */
    public INDArray diagonal() {
        INDArray diagonal = Nd4j.valueArrayOf(new long[] {entries}, 1 / lambda, DataType.DOUBLE);
        for (Block block : blocks) {
            INDArray part = diagonal.get(NDArrayIndex.interval(block.from(), block.to()));
            for (int i = 0; i < block.w().length; i++) {
                INDArray row = block.h().getRow(i);
                part.subi(row.mul(row).divi(block.w()[i]));
            }
        }
        return diagonal;
    }
}
