package org.lowrank4j.initialisation;

import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The "orthogonal" start of the reference LoRA libraries, for even ranks: A and B are both random, and yet A B = 0, so that
 * both have a gradient from the first step on and the network starts unchanged.
 *
 * <pre>A = N1 Q1 / 10,   B = Q2^T N2 / 10</pre>
 *
 * <p>Q1 and Q2 are the odd and the even rows (r/2 x r each) of a random orthogonal r x r matrix, so Q1 Q2^T = 0; N1 (nIn x
 * r/2) and N2 (r/2 x nOut) are standard normal. The rank must be even.
 */
public final class Orthogonal implements Initialisation {

    private static final double DIVISOR = 10;

    @Override
    public String name() {
        return "orthogonal";
    }

    /** An even one. */
    @Override
    public long largestRank(long inputs, long outputs) {
        return Math.min(inputs, outputs) / 2 * 2;
    }

    @Override
    public Factors start(Start start) {
        int rank = start.rank();
        if (rank % 2 != 0) {
            throw new LowRankException("init=orthogonal gives half of the rank to A and half to B, so the rank must be"
                    + " even, and it is " + rank + " for a weight of " + start.inputs() + " x " + start.outputs() + "."
                    + " Use " + (rank > 1 ? "rank " + (rank - 1) + " or " : "") + "another initialisation.");
        }
        Random random = start.random();
        int half = rank / 2;
        INDArray q = ThinQr.of(Draws.matrix(rank, rank, random::nextGaussian)).q();
        INDArray first = q.getRows(rows(half, 0));
        INDArray second = q.getRows(rows(half, 1));
        INDArray a = Draws.matrix(start.inputs(), half, random::nextGaussian).mmul(first);
        INDArray b = second.transpose().mmul(Draws.matrix(half, start.outputs(), random::nextGaussian));
        return new Factors(a.divi(DIVISOR), b.divi(DIVISOR));
    }

    /** Every other row, from this one on. */
    private static int[] rows(int count, int first) {
        return IntStream.range(0, count).map(i -> first + 2 * i).toArray();
    }
}
