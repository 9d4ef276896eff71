package org.lowrank4j.command.work;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.lowrank4j.blas.OpenBlas;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Runs ND4J for a moment. */
public final class Probe {

    private static final int SIDE = 512;
    private static final int ROUNDS = 20;

    /** A dense layer, a minibatch and a rank as they often are. */
    private static final int WIDTH = 1024;

    private static final int EXAMPLES = 32;
    private static final int RANK = 8;

    private Probe() {}

    /**
     * Names of backend and BLAS, the times of one product and of the products of a low-rank step in milliseconds, and whether
     * products in double precision are right.
     */
    public static Map<String, String> run() {
        INDArray left = Nd4j.ones(DataType.FLOAT, SIDE, SIDE);
        INDArray right = Nd4j.ones(DataType.FLOAT, SIDE, SIDE);
        INDArray product = Nd4j.create(DataType.FLOAT, new long[] {SIDE, SIDE}, 'f');
        double best = best(() -> Nd4j.gemm(left, right, product, false, false, 1, 0));
        if (product.getDouble(0) != SIDE) {
            throw new IllegalStateException("a product of matrices of ones has the entry " + product.getDouble(0));
        }
        Map<String, String> found = new LinkedHashMap<>();
        found.put("backend", Nd4j.getBackend().getClass().getSimpleName());
        found.put(
                "blas",
                String.valueOf(Nd4j.getExecutioner().getEnvironmentInformation().get("blas.vendor")));
        found.put("product", String.format(Locale.ROOT, "%.1f", best));
        found.put("step", String.format(Locale.ROOT, "%.2f", best(lowRankStep())));
        if (OpenBlas.present()) {
            found.put("version", OpenBlas.version());
            found.put("right", String.valueOf(OpenBlas.doublesAreRight()));
        }
        return found;
    }

    /** X W, D W^T and X A, in the order in which ND4J keeps activations. */
    private static Runnable lowRankStep() {
        INDArray weight = Nd4j.ones(DataType.FLOAT, WIDTH, WIDTH).dup('f');
        INDArray factor = Nd4j.ones(DataType.FLOAT, WIDTH, RANK).dup('f');
        INDArray wide = Nd4j.ones(DataType.FLOAT, EXAMPLES, WIDTH).dup('f');
        INDArray result = Nd4j.create(DataType.FLOAT, new long[] {EXAMPLES, WIDTH}, 'f');
        INDArray narrow = Nd4j.create(DataType.FLOAT, new long[] {EXAMPLES, RANK}, 'f');
        return () -> {
            Nd4j.gemm(wide, weight, result, false, false, 1, 0);
            Nd4j.gemm(wide, weight, result, false, true, 1, 0);
            Nd4j.gemm(wide, factor, narrow, false, false, 1, 0);
        };
    }

    /** The least time of some rounds, in milliseconds. */
    private static double best(Runnable work) {
        double best = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            work.run();
            Nd4j.getExecutioner().commit();
            best = Math.min(best, (System.nanoTime() - start) / 1e6);
        }
        return best;
    }
}
