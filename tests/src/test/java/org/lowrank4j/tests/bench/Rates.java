package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What one thread of this machine reaches: a large product, and a sum of arrays much larger than its caches. */
final class Rates {

    private static final int SIDE = 1024;
    private static final double FLOPS = 2.0 * SIDE * SIDE * SIDE;
    private static final int ENTRIES = 1 << 25;
    private static final double BYTES = 3.0 * Float.BYTES * ENTRIES;
    private static final double MILLISECONDS = 1e3;

    private Rates() {}

    static Work product() {
        INDArray a = Nd4j.randn(SIDE, SIDE).dup('f');
        INDArray b = Nd4j.randn(SIDE, SIDE).dup('f');
        INDArray c = Nd4j.create(new long[] {SIDE, SIDE}, 'f');
        return () -> Nd4j.gemm(a, b, c, false, false, 1, 0);
    }

    /** y += x: two arrays are read and one is written. */
    static Work stream() {
        INDArray x = Nd4j.zeros(ENTRIES);
        INDArray y = Nd4j.ones(ENTRIES);
        return () -> y.addi(x);
    }

    /** Both in turn, and the model that has their medians. */
    static CostModel measure(Workload workload, int rounds, double slice, Path logs) throws IOException {
        try (WorkerArm product = new WorkerArm("rate-product", "rate-product", "", workload, "256m", logs);
                WorkerArm stream = new WorkerArm("rate-stream", "rate-stream", "", workload, "256m", logs)) {
            Map<String, List<Slice>> slices = Interleaving.run(List.of(product, stream), rounds, 1, slice);
            return new CostModel(
                    FLOPS
                            * MILLISECONDS
                            / Slice.spread(slices.get(product.name()), Slice::cpu)
                                    .median(),
                    BYTES
                            * MILLISECONDS
                            / Slice.spread(slices.get(stream.name()), Slice::cpu)
                                    .median());
        }
    }
}
