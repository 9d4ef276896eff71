package org.lowrank4j.decomposition;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The principal components of rows that are 1 at one place each, from how often each place occurs: no row, and no covariance,
 * is made.
 *
 * <p>With counts c of N rows the centred rows X have X^T X = diag(c) - c c^T / N. Of places with equal counts all vectors
 * are eigenvectors, with that count, whose entries there add up to 0. Between two counts that follow one another there is one more
 * eigenvalue t, the root of
 *
 * <pre>sum over i of c_i^2 / (c_i - t) = N,    its vector c_i / (c_i - t)</pre>
 *
 * (Golub, "Some modified matrix eigenvalue problems", SIAM Review 1973). What is left has no variance: the vector of the
 * places that occur, and those of the others.
 */
public final class CountedComponents implements PrincipalComponents {

    private final double[] counts;
    /** Those that occur, the most frequent first. */
    private final int[] places;

    private final int size;
    private final double[] eigenvalues;
    private final INDArray components;
    private final double variation;
    private final long rows;
    private int found;

    /**
     * Those of some counts.
     *
     * @param counts how often each place occurs, 0 or more, one of them more
     * @param components how many to keep, 1 to as many as there are places
     */
    public CountedComponents(double[] counts, int components) {
        this.counts = counts.clone();
        this.size = components;
        places = IntStream.range(0, counts.length)
                .filter(place -> counts[place] > 0)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer place) -> -counts[place]))
                .mapToInt(Integer::intValue)
                .toArray();
        eigenvalues = new double[components];
        this.components = Nd4j.zeros(DataType.DOUBLE, counts.length, components);
        rows = Math.round(Arrays.stream(counts).sum());
        variation = rows - Arrays.stream(counts).map(count -> count * count).sum() / rows;
        find();
    }

    private void find() {
        int first = 0;
        while (found < size) {
            double count = counts[places[first]];
            int end = first;
            while (end < places.length && counts[places[end]] == count) {
                end++;
            }
            for (int i = first + 1; i < end && found < size; i++) {
                addDifference(first, i, count);
            }
            if (end == places.length) {
                addRest();
                return;
            }
            if (found < size) {
                addBetween(counts[places[end]], count);
            }
            first = end;
        }
    }

    /** Of places with equal counts one against those before it. */
    private void addDifference(int first, int place, double count) {
        int before = place - first;
        double entry = 1 / Math.sqrt((double) before * (before + 1));
        for (int i = first; i < place; i++) {
            components.putScalar(places[i], found, -entry);
        }
        components.putScalar(places[place], found, before * entry);
        eigenvalues[found++] = count;
    }

    /** The eigenvalue between two counts. */
    private void addBetween(double low, double high) {
        double from = low;
        double to = high;
        for (double middle = (from + to) / 2; from < middle && middle < to; middle = (from + to) / 2) {
            double sum = 0;
            for (int place : places) {
                sum += counts[place] * counts[place] / (counts[place] - middle);
            }
            if (sum < rows) {
                from = middle;
            } else {
                to = middle;
            }
        }
        double root = (from + to) / 2;
        double square = 0;
        for (int place : places) {
            square += Math.pow(counts[place] / (counts[place] - root), 2);
        }
        for (int place : places) {
            components.putScalar(place, found, counts[place] / (counts[place] - root) / Math.sqrt(square));
        }
        eigenvalues[found++] = root;
    }

    /** Directions without variance. */
    private void addRest() {
        if (found < size) {
            for (int place : places) {
                components.putScalar(place, found, 1 / Math.sqrt(places.length));
            }
            found++;
        }
        for (int place = 0; found < size; place++) {
            if (counts[place] == 0) {
                components.putScalar(place, found++, 1);
            }
        }
    }

    @Override
    public long rows() {
        return rows;
    }

    @Override
    public double[] mean() {
        return Arrays.stream(counts).map(count -> count / rows).toArray();
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int varying() {
        return (int) Arrays.stream(eigenvalues).filter(value -> value > 0).count();
    }

    @Override
    public double[] singularValues() {
        return Arrays.stream(eigenvalues).map(Math::sqrt).toArray();
    }

    @Override
    public double[] explainedVarianceRatios() {
        return Arrays.stream(eigenvalues)
                .map(value -> variation > 0 ? value / variation : 0)
                .toArray();
    }

    @Override
    public INDArray components() {
        return components.dup('c');
    }
}
