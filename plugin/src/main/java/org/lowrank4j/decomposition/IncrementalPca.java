package org.lowrank4j.decomposition;

import java.util.Arrays;
import java.util.Random;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The principal components of rows that come in batches, of which only the leading components, their singular values and
 * the mean are kept (Ross, Lim, Lin and Yang, "Incremental Learning for Robust Visual Tracking", IJCV 2008).
 *
 * <p>A batch X of m rows is added to n rows seen before by decomposing
 *
 * <pre>[ diag(sigma) V^T ;  X - mean(X) ;  sqrt(n m / (n + m)) (mean - mean(X)) ]</pre>
 *
 * While no component is cut off, that is with as many components as features, the result is the exact one of all rows, in
 * whatever order they come. With fewer, what a batch cannot show within the kept components is forgotten.
 */
public final class IncrementalPca implements PrincipalComponents {

    /** Below this shorter side an exact decomposition costs less than is worth saving. */
    private static final int EXACT_UP_TO = 512;

    private static final int POWER_ITERATIONS = 4;

    private final int features;
    private final int limit;
    private final Random random;
    private final double[] mean;
    private long rows;
    private double variation;
    private double[] singularValues = new double[0];
    private double[] directions = new double[0];

    /**
     * No rows yet.
     *
     * @param features columns of every batch
     * @param components how many to keep, 1 to features
     * @param random for the randomised decomposition of batches of more than 512 rows and features, which looks for twice
     *     as many directions as are kept, with 4 power iterations
     */
    public IncrementalPca(int features, int components, Random random) {
        if (components < 1 || components > features) {
            throw new LowRankException("Rows of " + features + " features have 1 to " + features
                    + " principal components, and " + components + " were asked for.");
        }
        this.features = features;
        this.limit = components;
        this.random = random;
        this.mean = new double[features];
    }

    /**
     * Takes in one batch.
     *
     * @param batch m x features of any floating type, m at least 1; not changed
     * @throws LowRankException if it has other columns, or an entry that is not finite
     */
    public void add(INDArray batch) {
        int m = ColumnMajor.size(batch, 0);
        if (ColumnMajor.size(batch, 1) != features) {
            throw new LowRankException("These principal components are of " + features + " features, and a batch has "
                    + batch.size(1) + ".");
        }
        double[] x = ColumnMajor.finiteCopy(batch);
        int kept = singularValues.length;
        // The first batch moves no mean, and needs no row for it.
        int height = kept + m + (rows > 0 ? 1 : 0);
        double[] stacked = new double[Math.multiplyExact(height, features)];
        long total = rows + m;
        double weight = (double) rows * m / total;
        for (int j = 0; j < features; j++) {
            int first = j * height;
            for (int i = 0; i < kept; i++) {
                stacked[first + i] = singularValues[i] * directions[i + j * kept];
            }
            double batchMean = mean(x, j * m, m);
            for (int i = 0; i < m; i++) {
                double deviation = x[i + j * m] - batchMean;
                stacked[first + kept + i] = deviation;
                variation += deviation * deviation;
            }
            if (rows > 0) {
                double moved = batchMean - mean[j];
                stacked[first + kept + m] = Math.sqrt(weight) * moved;
                variation += weight * moved * moved;
                mean[j] += moved * m / total;
            } else {
                mean[j] = batchMean;
            }
        }
        rows = total;
        keepLeading(decomposed(height, stacked));
    }

    /** From the first value on, so that a column of equal values has exactly that mean and no variance. */
    private static double mean(double[] x, int first, int count) {
        double sum = 0;
        for (int i = first; i < first + count; i++) {
            sum += x[i] - x[first];
        }
        return x[first] + sum / count;
    }

    private ThinSvd decomposed(int height, double[] stacked) {
        INDArray matrix = ColumnMajor.array(stacked, height, features);
        int shorter = Math.min(height, features);
        int q = (int) Math.min(2L * limit, shorter);
        return shorter <= EXACT_UP_TO || q == shorter
                ? ThinSvd.of(matrix)
                : RandomisedSvd.of(matrix, q, POWER_ITERATIONS, random);
    }

    private void keepLeading(ThinSvd svd) {
        int kept = Math.min(limit, svd.size());
        singularValues = Arrays.copyOf(svd.singularValues(), kept);
        double[] all = ColumnMajor.copy(svd.vt());
        directions = new double[Math.multiplyExact(kept, features)];
        for (int j = 0; j < features; j++) {
            System.arraycopy(all, j * svd.size(), directions, j * kept, kept);
        }
    }

    /** How many rows were taken in. */
    @Override
    public long rows() {
        return rows;
    }

    /** How many components there are: those asked for, or fewer while fewer rows were seen. */
    @Override
    public int size() {
        return singularValues.length;
    }

    /** The mean of each feature. */
    @Override
    public double[] mean() {
        return mean.clone();
    }

    /** The singular values of the centred rows, largest first, one per component. */
    @Override
    public double[] singularValues() {
        return singularValues.clone();
    }

    /** How many of the components have a variance that is not 0 up to rounding. */
    @Override
    public int varying() {
        double rounding = Math.ulp(1.0) * Math.max(rows, features) * (size() > 0 ? singularValues[0] : 0);
        int count = 0;
        while (count < size() && singularValues[count] > rounding) {
            count++;
        }
        return count;
    }

    /** The share of each component in the variance of all features; all 0 if nothing varies. */
    @Override
    public double[] explainedVarianceRatios() {
        return Arrays.stream(singularValues)
                .map(value -> variation > 0 ? value * value / variation : 0)
                .toArray();
    }

    /**
     * The components in the order of their singular values, as a new array with the signs of {@link ThinSvd}.
     *
     * @return features x {@link #size()}, orthonormal columns, in 'c' order
     */
    @Override
    public INDArray components() {
        return Nd4j.create(directions.clone(), new long[] {features, size()}, 'c');
    }
}
