package org.lowrank4j.tests.bench;

/**
 * The time of a training step as it follows from counts: each part of a step takes as long as its arithmetic at the rate of
 * a large product, or as its memory traffic at the rate of a large stream, whichever is longer; a step is the sum of its
 * parts. Nothing is fitted, and what a call costs regardless of its size is left out, so a measured step lies above.
 *
 * <p>n is the width, b the batch, r the rank; a float has four bytes. Each matrix of a product is counted once.
 *
 * @param flopsPerSecond of a large product
 * @param bytesPerSecond read or written by a large stream
 */
record CostModel(double flopsPerSecond, double bytesPerSecond) {

    private static final double FLOAT = 4;

    /** Gradient over the batch size 2, Adam 6 (gradient and two moments, read and written), subtraction from W 3. */
    private static final double ADAM_ACCESSES = 11;

    /** Gradient over the batch size 2, rate times gradient 2, subtraction from W 3. */
    private static final double SGD_ACCESSES = 7;

    /** Of an adapter's steps: copied into the wide factors 2 each. */
    private static final double COPY_ACCESSES = 2;

    /** Of a lagging W's factors: both read and their difference written. */
    private static final double DIFFERENCE_ACCESSES = 3;

    /** In entries of W that are moved in that time. */
    private static final double FIXED_COST_OF_LAGGING = 100_000;

    /** Bias 2 and rectifier 2 forward; derivative 2 and its product with epsilon 3 backward. */
    private static final double ELEMENTWISE_ACCESSES = 9;

    /** The products that no exact step can do without, in seconds: forward for every layer, epsilon above the first. */
    double floor(Workload w) {
        double n = w.width();
        double b = w.batch();
        return (2.0 * w.depth() - 1) * product(b, n, n) + head(w, 2);
    }

    /** Full fine-tuning: forward, the pre-activation once more, dL/dW and epsilon for every layer, and the updater over W. */
    double stock(Workload w) {
        double n = w.width();
        double b = w.batch();
        double layer =
                4 * product(b, n, n) + stream(ELEMENTWISE_ACCESSES * b * n) + stream(updaterAccesses(w) * (n * n + n));
        return w.depth() * layer + head(w, 4);
    }

    /** With adapters: W lags or is moved by each step, as the engine chooses. */
    double lora(Workload w) {
        return lags(w) ? lagging(w) : moved(w);
    }

    /**
     * Whether W stays where it is until the end of a fit: only where an iterator is fitted, and where the products beside W
     * take less time than moving it, by the engine's own rule (src/adr/0012).
     */
    static boolean lags(Workload w) {
        double n = w.width();
        return w.fitsIterator() && w.batch() * 2 * n + FIXED_COST_OF_LAGGING < n * n;
    }

    /**
     * With W moved by each step: the floor, four products of the factors, the updater over the factors and the product of
     * rank 2r that moves W.
     */
    double moved(Workload w) {
        double n = w.width();
        return adapted(w) + w.depth() * (4 * product(w.batch(), n, w.rank()) + move(w));
    }

    /**
     * With W left alone until the end of the fit: two products of the factors for their gradients, two of rank 2r that read
     * the layer's input and delta, two more that add to its output and to epsilon, the differences of the factors, and once
     * a fit the move of W.
     */
    double lagging(Workload w) {
        double n = w.width();
        double b = w.batch();
        double r2 = 2.0 * w.rank();
        double layer = 2 * product(b, n, w.rank())
                + 2 * product(b, n, r2)
                + product(b, r2, n, b * n)
                + stream(DIFFERENCE_ACCESSES * n * r2)
                + move(w) / w.minibatches();
        return adapted(w) + w.depth() * layer + (w.depth() - 1) * product(b, r2, n, b * n);
    }

    private double move(Workload w) {
        double n = w.width();
        return product(n, 2.0 * w.rank(), n, n * n);
    }

    private double adapted(Workload w) {
        double n = w.width();
        double layer = stream(ELEMENTWISE_ACCESSES * w.batch() * n)
                + stream((updaterAccesses(w) + COPY_ACCESSES) * 2 * n * w.rank());
        return floor(w) + w.depth() * layer + head(w, 2) + stream(updaterAccesses(w) * n * BenchmarkNetworks.CLASSES);
    }

    private double head(Workload w, int products) {
        return products * product(w.batch(), w.width(), BenchmarkNetworks.CLASSES);
    }

    private static double updaterAccesses(Workload w) {
        return w.updater().equals("adam") ? ADAM_ACCESSES : SGD_ACCESSES;
    }

    private double product(double rows, double inner, double columns) {
        return product(rows, inner, columns, 0);
    }

    /** Of rows x inner by inner x columns; read are both and, where it is added to, the result's so many entries. */
    private double product(double rows, double inner, double columns, double resultRead) {
        double flops = 2 * rows * inner * columns;
        double entries = rows * inner + inner * columns + rows * columns + resultRead;
        return Math.max(flops / flopsPerSecond, FLOAT * entries / bytesPerSecond);
    }

    private double stream(double entries) {
        return FLOAT * entries / bytesPerSecond;
    }
}
