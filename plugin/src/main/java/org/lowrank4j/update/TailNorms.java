package org.lowrank4j.update;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The Frobenius norms of what follows a rank component, by which {@link Maestro} shrinks: of the columns of A and of the rows
 * of B from component i on (counted from 0).
 *
 * @param ofA |A[:, i:]| for each i
 * @param ofB |B[i:]| for each i
 */
public record TailNorms(double[] ofA, double[] ofB) {

    /**
     * The norms of both factors.
     *
     * @param a nIn x k
     * @param b k x nOut
     */
    public static TailNorms of(INDArray a, INDArray b) {
        return new TailNorms(tails(a.mul(a).sum(0)), tails(b.mul(b).sum(1)));
    }

    private static double[] tails(INDArray squares) {
        double[] tails = squares.dup().data().asDouble();
        for (int i = tails.length - 2; i >= 0; i--) {
            tails[i] += tails[i + 1];
        }
        for (int i = 0; i < tails.length; i++) {
            tails[i] = Math.sqrt(tails[i]);
        }
        return tails;
    }

    /** |A[:, i:]| + |B[i:]| for each i: the groups of the hierarchical lasso. */
    public double[] lasso() {
        double[] groups = new double[ofA.length];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = ofA[i] + ofB[i];
        }
        return groups;
    }

    /** |A[:, i:]| |B[i:]| for each i, which never rises. */
    public double[] importance() {
        double[] importance = new double[ofA.length];
        for (int i = 0; i < importance.length; i++) {
            importance[i] = ofA[i] * ofB[i];
        }
        return importance;
    }

    /** The lasso's gradient of each column of A, in parts of that column; a group of zeros has none. */
    public double[] gradientOfA() {
        return gradient(ofA);
    }

    /** The lasso's gradient of each row of B, in parts of that row; a group of zeros has none. */
    public double[] gradientOfB() {
        return gradient(ofB);
    }

    /** Component j is in the groups 0 to j. */
    private static double[] gradient(double[] tails) {
        double[] parts = new double[tails.length];
        double sum = 0;
        for (int j = 0; j < parts.length; j++) {
            sum += tails[j] == 0 ? 0 : 1 / tails[j];
            parts[j] = sum;
        }
        return parts;
    }
}
