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
    private static final int ROUNDS = 5;

    private Probe() {}

    /** Names of backend and BLAS, the time of one product, and whether products in double precision are right. */
    public static Map<String, String> run() {
        INDArray left = Nd4j.ones(DataType.FLOAT, SIDE, SIDE);
        INDArray right = Nd4j.ones(DataType.FLOAT, SIDE, SIDE);
        double best = Double.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            INDArray product = left.mmul(right);
            Nd4j.getExecutioner().commit();
            best = Math.min(best, (System.nanoTime() - start) / 1e6);
            if (product.getDouble(0) != SIDE) {
                throw new IllegalStateException("a product of matrices of ones has the entry " + product.getDouble(0));
            }
        }
        Map<String, String> found = new LinkedHashMap<>();
        found.put("backend", Nd4j.getBackend().getClass().getSimpleName());
        found.put(
                "blas",
                String.valueOf(Nd4j.getExecutioner().getEnvironmentInformation().get("blas.vendor")));
        found.put("product", String.format(Locale.ROOT, "%.1f ms", best));
        if (OpenBlas.present()) {
            found.put("version", OpenBlas.version());
            found.put("right", String.valueOf(OpenBlas.doublesAreRight()));
        }
        return found;
    }
}
