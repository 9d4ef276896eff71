package org.lowrank4j.gradient.exchange;

import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * PowerSGD (arXiv 1905.13727, algorithms 1 and 2, as its first release) for one worker and one matrix n x m: one step of
 * power iteration, started from where the last one ended, with error feedback.
 *
 * <pre>
 * M = G + E
 * P = orthonormal(average of M^T Q)       m x r, first message
 * Q = average of M P                      n x r, second message, kept for the next step
 * approximation = Q P^T,   E = M - approximation
 * </pre>
 *
 * <p>E is against the average approximation, so the sum of all that was applied, plus the average E, is the sum of the
 * average gradients. A matrix of rank r or less is recovered exactly.
 *
 * <p>The first steps may go out uncompressed, and so do vectors, and matrices of which compression would send more than a
 * given share; they have no memory.
 */
public final class PowerSgdCompressor implements Compressor {

    /** What users set, of an approximation and of an exchange alike. */
    public static final List<MethodOption> OPTIONS = List.of(
            new MethodOption(
                    "rank",
                    "rule",
                    "rank of the approximation, a whole number above 0; rule is the rule's rank where W itself is"
                            + " trained, and 1 for smaller tensors"),
            new MethodOption("start", "100", "the steps that are not compressed, a whole number from 0"),
            new MethodOption(
                    "least-ratio",
                    "2",
                    "how many times smaller than a tensor its messages must be, else it is not compressed"));

    /**
     * The values of the options.
     *
     * @param rank 0 for that of the rule
     */
    public record Settings(int rank, int start, double leastRatio) {

        /** @throws org.lowrank4j.LowRankException if one is refused */
        public static Settings of(OptionValues options) {
            boolean ofRule = options.text("rank").strip().equals("rule");
            return new Settings(
                    ofRule ? 0 : options.positiveInt("rank"),
                    options.wholeNumber("start"),
                    options.positiveDouble("least-ratio"));
        }

        /** A compressor of a matrix to which the rule gives a rank; otherwise as the constructor. */
        public PowerSgdCompressor compressor(Kept kept, long rows, long columns, int rankOfRule, Random random) {
            return new PowerSgdCompressor(
                    kept, rows, columns, rank == 0 ? rankOfRule : rank, start, leastRatio, random);
        }
    }

    private final long rows;
    private final long columns;
    private final long uncompressedSteps;
    private final @Nullable INDArray query;
    private final @Nullable INDArray error;
    private final Kept kept;
    private final KeptNumber step;

    private @Nullable INDArray corrected;
    private @Nullable INDArray orthonormal;

    /**
     * @param kept where Q and E, if there are any, and the number of steps are declared
     * @param rows n
     * @param columns m
     * @param rank r; cut to min(n, m)
     * @param uncompressedSteps how many steps go out as they are before the first compressed one
     * @param leastRatio how many times smaller than the matrix its two messages must be, else it goes out as it is
     * @param random for the first Q; equally seeded in all workers
     */
    public PowerSgdCompressor(
            Kept kept, long rows, long columns, int rank, long uncompressedSteps, double leastRatio, Random random) {
        this.rows = rows;
        this.columns = columns;
        this.uncompressedSteps = uncompressedSteps;
        long usable = Math.min(rank, Math.min(rows, columns));
        boolean worthIt = (double) rows * columns >= leastRatio * usable * (rows + columns);
        if (worthIt && rows > 1 && columns > 1) {
            INDArray first = kept.array("query", 'f', rows, usable);
            kept.fill(() -> {
                for (long i = 0; i < rows; i++) {
                    for (long j = 0; j < usable; j++) {
                        first.putScalar(i, j, random.nextGaussian());
                    }
                }
            });
            query = first;
            error = kept.array("error", 'f', rows, columns);
        } else {
            query = null;
            error = null;
        }
        this.kept = kept;
        step = kept.number("step", 0);
    }

    private boolean compressesNow() {
        return query != null && step.get() >= uncompressedSteps;
    }

    @Override
    public int rounds() {
        return compressesNow() ? 2 : 1;
    }

    @Override
    public Message compress(INDArray gradient) {
        INDArray q = query;
        INDArray left = error;
        if (q == null || left == null || !compressesNow()) {
            return new DenseMessage(gradient);
        }
        INDArray m = left.addi(gradient);
        corrected = m;
        INDArray p = Nd4j.createUninitialized(m.dataType(), new long[] {columns, q.size(1)}, 'f');
        Blas.gemm(m, q, p, true, false, 1, 0);
        return new DenseMessage(p);
    }

    @Override
    public Message next(INDArray average) {
        INDArray m = corrected;
        INDArray q = query;
        if (m == null || q == null) {
            throw new IllegalStateException("this step has one round");
        }
        INDArray p = ThinQr.of(average).q().castTo(m.dataType());
        orthonormal = p;
        INDArray product = Nd4j.createUninitialized(m.dataType(), new long[] {rows, q.size(1)}, 'f');
        Blas.gemm(m, p, product, false, false, 1, 0);
        return new DenseMessage(product);
    }

    @Override
    public void decompress(INDArray average, INDArray approximation) {
        INDArray m = corrected;
        INDArray p = orthonormal;
        INDArray q = query;
        if (m == null || p == null || q == null) {
            approximation.assign(average);
        } else {
            q.assign(average);
            // The array of E still holds M.
            Blas.gemm(q, p, m, false, true, -1, 1);
            Blas.gemm(q, p, approximation, false, true, 1, 0);
        }
        corrected = null;
        orthonormal = null;
        step.increment();
    }

    @Override
    public long bytes() {
        long entries = query == null ? rows * columns : query.size(1) * (rows + columns);
        return entries * kept.type().width();
    }

    @Override
    public Kept kept() {
        return kept;
    }
}
