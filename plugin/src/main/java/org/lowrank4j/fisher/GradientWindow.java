package org.lowrank4j.fisher;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Products with the inverse of the empirical Fisher matrix of the last m gradients g_i of d entries, the rows of G: the
 * dynamic algorithm of M-FAC (arXiv 2107.03356, section 3.2).
 *
 * <pre>
 * F = lambda I + (1 / n) G^T G
 * S = G G^T,   M = S / lambda + n I
 * F^-1 x = (x - G^T M^-1 G x / lambda) / lambda
 * F^-1 g_i = (n / lambda) G^T M^-1 e_i             for a gradient of the window, e_i the unit vector
 * </pre>
 *
 * <p>M = L U without pivoting, which is safe since M is positive definite; U - n I is the published matrix D, and its
 * diagonal plus n the published denominators. A new gradient takes the place of the oldest: one row and column of S
 * change, and U is worked out anew. The order of the gradients in the window makes no difference to the products.
 *
 * <p>While the window fills, n is the number of gradients in it, so that F is their mean from the first one on. The
 * released code divides by m throughout, which makes F nearly lambda I at first, and its first steps up to 1 / lambda
 * times too long; {@link Filling#WHOLE_WINDOW} does the same.
 *
 * <p>S, M and U are in double, and so are all sums over d: with a small lambda, single precision loses M's
 * definiteness. Memory: see {@link WindowMemory}. A new gradient takes 2 m d + m^3 / 3 multiplications.
 *
 * <p>Not thread-safe.
 */
public final class GradientWindow {

    /** What the sum of the gradients' outer products is divided by while the window fills. */
    public enum Filling {
        /** The number of gradients that there are. */
        FILLED_SLOTS,
        /** The number of slots, as in the released code. */
        WHOLE_WINDOW
    }

    /** How many doubles a piece of the window may take that is converted for a sum. */
    private static final long PIECE = 1 << 17;

    private final int size;
    private final long entries;
    private final double lambda;
    private final Filling filling;
    private final INDArray gradients;
    private final INDArray products;
    /** How many gradients have ever been put in. */
    private final INDArray count = Nd4j.create(DataType.LONG, 1);

    private final double[][] upper;
    private boolean factored;

    /**
     * An empty window. The memory is compared with what there is before it is taken.
     *
     * @param size m; published 512 to 1024
     * @param entries d
     * @param type of the stored gradients
     * @param lambda the damping, above 0; published 1e-5
     * @throws LowRankException if an argument is out of its range, or the window does not fit into memory
     */
    public GradientWindow(int size, long entries, DataType type, double lambda, Filling filling) {
        Damping.check(lambda);
        if (size < 1) {
            throw new LowRankException("A window of " + size + " gradients is refused: it has at least 1; 512 and 1024"
                    + " are published.");
        }
        WindowMemory.require(size, entries, type, WindowMemory::available);
        this.size = size;
        this.entries = entries;
        this.lambda = lambda;
        this.filling = filling;
        // Column-major, so that some columns are one stretch of memory.
        gradients = Nd4j.create(type, new long[] {size, entries}, 'f');
        products = Nd4j.create(DataType.DOUBLE, new long[] {size, size}, 'c');
        upper = new double[size][size];
    }

    /** How many gradients are in the window. */
    public int filled() {
        return (int) Math.min(size, count.data().getLong(0));
    }

    /** What the sum of outer products is divided by. */
    private double divisor() {
        return filling == Filling.WHOLE_WINDOW ? size : Math.max(1, filled());
    }

    /**
     * Puts a gradient in the place of the oldest.
     *
     * @param gradient d entries; the mean over its batch
     */
    public void insert(INDArray gradient) {
        if (gradient.length() != entries) {
            throw new IllegalArgumentException(
                    "the gradient has " + gradient.length() + " entries, and the window " + entries);
        }
        long inserted = count.data().getLong(0);
        int slot = (int) (inserted % size);
        gradients.getRow(slot).assign(gradient.reshape(entries));
        count.data().put(0, inserted + 1);
        double[] row = timesWindow(gradients.getRow(slot).dup());
        for (int i = 0; i < size; i++) {
            products.putScalar(slot, i, row[i]);
            products.putScalar(i, slot, row[i]);
        }
        factored = false;
    }

    /**
     * F^-1 x.
     *
     * @param x d entries
     * @return d doubles, rank 1
     */
    public INDArray multiply(INDArray x) {
        double[] solved = timesWindow(x.reshape(entries));
        solve(solved);
        INDArray result = x.castTo(DataType.DOUBLE).reshape(entries).div(lambda);
        result.subi(combination(solved).divi(lambda * lambda));
        return result;
    }

    /** F^-1 of the gradient that was put in last: d doubles, rank 1. */
    public INDArray multiplyNewest() {
        long inserted = count.data().getLong(0);
        if (inserted == 0) {
            throw new IllegalStateException("no gradient has been put into the window");
        }
        double[] solved = new double[size];
        solved[(int) ((inserted - 1) % size)] = 1;
        solve(solved);
        return combination(solved).muli(divisor() / lambda);
    }

    /** U: m x m, upper triangular, in double. */
    public INDArray factor() {
        factorise();
        return Nd4j.create(upper);
    }

    /** G x. */
    private double[] timesWindow(INDArray x) {
        INDArray sum = Nd4j.create(DataType.DOUBLE, size, 1);
        INDArray scratch = scratch();
        INDArray factors = Nd4j.createUninitialized(DataType.DOUBLE, entries).assign(x);
        for (long from = 0; from < entries; from += scratch.size(1)) {
            INDArray piece = piece(scratch, from);
            INDArray part = factors.get(NDArrayIndex.interval(from, from + piece.size(1)));
            sum.addi(piece.mmul(part.reshape(part.length(), 1)));
        }
        release(factors);
        release(scratch);
        return sum.data().asDouble();
    }

    /** G^T y. */
    private INDArray combination(double[] y) {
        INDArray coefficients = Nd4j.createFromArray(y).reshape(1, size);
        INDArray sum = Nd4j.createUninitialized(DataType.DOUBLE, entries);
        INDArray scratch = scratch();
        for (long from = 0; from < entries; from += scratch.size(1)) {
            INDArray piece = piece(scratch, from);
            INDArray part = coefficients.mmul(piece);
            sum.get(NDArrayIndex.interval(from, from + piece.size(1))).assign(part.reshape(piece.size(1)));
            release(part);
        }
        release(scratch);
        return sum;
    }

    /** Gives memory back at once: arrays off the heap would pile up until Java collects its garbage. */
    private static void release(INDArray array) {
        if (array.closeable()) {
            array.close();
        }
    }

    /** Room for the largest piece. */
    private INDArray scratch() {
        return Nd4j.createUninitialized(
                DataType.DOUBLE, new long[] {size, Math.min(entries, Math.max(1, PIECE / size))}, 'f');
    }

    /** The columns of G from one on, in double, as many as there is room for. */
    private INDArray piece(INDArray scratch, long from) {
        long columns = Math.min(scratch.size(1), entries - from);
        INDArray piece = scratch.get(NDArrayIndex.all(), NDArrayIndex.interval(0, columns));
        piece.assign(gradients.get(NDArrayIndex.all(), NDArrayIndex.interval(from, from + columns)));
        return piece;
    }

    /** y = M^-1 y. */
    private void solve(double[] y) {
        factorise();
        // L = U^T with its columns divided by U's diagonal.
        for (int k = 0; k < size; k++) {
            double quotient = y[k] / upper[k][k];
            for (int i = k + 1; i < size; i++) {
                y[i] -= upper[k][i] * quotient;
            }
        }
        for (int k = size - 1; k >= 0; k--) {
            double rest = y[k];
            for (int i = k + 1; i < size; i++) {
                rest -= upper[k][i] * y[i];
            }
            y[k] = rest / upper[k][k];
        }
    }

    private void factorise() {
        if (factored) {
            return;
        }
        double divisor = divisor();
        double[] s = products.data().asDouble();
        for (int i = 0; i < size; i++) {
            for (int j = i; j < size; j++) {
                upper[i][j] = s[i * size + j] / lambda;
            }
            upper[i][i] += divisor;
        }
        for (int k = 0; k < size; k++) {
            double[] pivot = upper[k];
            for (int i = k + 1; i < size; i++) {
                double[] row = upper[i];
                double quotient = pivot[i] / pivot[k];
                for (int j = i; j < size; j++) {
                    row[j] -= quotient * pivot[j];
                }
            }
        }
        factored = true;
    }

    /** Live arrays that exact resumption needs, by name; call {@link #restored} after writing to them. */
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("window", gradients);
        state.put("products", products);
        state.put("count", count);
        return state;
    }

    /** Forgets what was derived from the arrays of {@link #state}. */
    public void restored() {
        factored = false;
    }
}
