package org.lowrank4j.gradient;

import org.lowrank4j.blas.Blas;
import org.lowrank4j.quantisation.NormalCells;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One factor in two forms: F, which trains, and Q, which is made of it and takes part in W.
 *
 * <pre>
 * m = mean of F,   d = deviation of F (of a sample, n - 1),   u = (F - m) / (d + 1e-5)
 * Q = d nearest(u) + m,   nearest(u) the code of {@link NormalCells} that is nearest to u
 * </pre>
 *
 * <p>With the rounding taken for the identity, dL/dF follows from g = dL/dQ through u, m and d:
 *
 * <pre>
 * dL/dF_k = p g_k + (1 - p) mean(g) + (F_k - m) / ((n - 1) d) sum_i g_i (nearest(u_i) - p u_i),   p = d / (d + 1e-5)
 * </pre>
 *
 * <p>Where all entries of F are equal, as in a factor that starts at 0, Q is F, and dL/dF is g: the formula has no value
 * there.
 */
final class QuantisedFactor {

    private static final double EPSILON = 1e-5;

    private final NormalCells cells;
    private final INDArray trained;
    private final INDArray used;

    /**
     * @param trained F
     * @param used Q, of the same shape, type and order, both in one piece
     */
    QuantisedFactor(NormalCells cells, INDArray trained, INDArray used) {
        this.cells = cells;
        this.trained = trained;
        this.used = used;
    }

    /** Mean and deviation of the entries of F. */
    private record Spread(long count, double mean, double deviation) {

        static Spread of(Entries entries) {
            long count = entries.count();
            double sum = 0;
            for (int i = 0; i < count; i++) {
                sum += entries.get(i);
            }
            double mean = sum / count;
            double squares = 0;
            for (int i = 0; i < count; i++) {
                double off = entries.get(i) - mean;
                squares += off * off;
            }
            return new Spread(count, mean, count == 1 ? 0 : Math.sqrt(squares / (count - 1)));
        }

        double normal(double entry) {
            return (entry - mean) / (deviation + EPSILON);
        }
    }

    private double rounded(double entry, Spread spread) {
        return spread.deviation == 0 ? entry : cells.nearest(spread.normal(entry)) * spread.deviation + spread.mean;
    }

    /** F becomes what the update has started Q as, and Q that with few bits. */
    void start() {
        trained.assign(used);
        settle();
    }

    /** Makes Q of F. */
    void settle() {
        Entries from = Entries.of(trained);
        Entries to = Entries.of(used);
        Spread spread = Spread.of(from);
        for (int i = 0; i < from.count(); i++) {
            to.set(i, rounded(from.get(i), spread));
        }
    }

    /** Moves F by a step, which becomes that of Q; Q itself is for the update to move. */
    void move(INDArray step) {
        Blas.axpy(-1, step, trained);
        Entries from = Entries.of(trained);
        Entries before = Entries.of(used);
        Entries steps = Entries.of(step);
        Spread spread = Spread.of(from);
        for (int i = 0; i < from.count(); i++) {
            steps.set(i, before.get(i) - before.rounded(rounded(from.get(i), spread)));
        }
    }

    /** Makes dL/dF of dL/dQ, in place. */
    void gradient(INDArray ofUsed) {
        Entries factor = Entries.of(trained);
        Entries gradient = Entries.of(ofUsed);
        Spread spread = Spread.of(factor);
        if (spread.deviation == 0) {
            return;
        }
        double part = spread.deviation / (spread.deviation + EPSILON);
        double sum = 0;
        double ofDeviation = 0;
        for (int i = 0; i < factor.count(); i++) {
            double normal = spread.normal(factor.get(i));
            sum += gradient.get(i);
            ofDeviation += gradient.get(i) * (cells.nearest(normal) - part * normal);
        }
        double common = (1 - part) * sum / spread.count;
        double slope = ofDeviation / ((spread.count - 1) * spread.deviation);
        for (int i = 0; i < factor.count(); i++) {
            gradient.set(i, part * gradient.get(i) + common + slope * (factor.get(i) - spread.mean));
        }
    }
}
