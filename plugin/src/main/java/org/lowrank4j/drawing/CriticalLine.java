package org.lowrank4j.drawing;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The line between order and chaos of wide random networks (arXiv 1606.05340 and 1611.01232, equations 3 and 8): where
 * weights are normal with variance sigma_w^2 / nIn and biases with sigma_b^2, what a layer sums up has the variance q of the
 * layer before, and gradients neither grow nor shrink on their way back.
 *
 * <pre>
 * q = sigma_w^2 E[phi(sqrt(q) z)^2] + sigma_b^2,   1 = sigma_w^2 E[phi'(sqrt(q) z)^2],   z standard normal
 * </pre>
 *
 * @param weights sigma_w
 * @param biases sigma_b
 */
public record CriticalLine(double weights, double biases) {

    private static final double REACH = 10;
    private static final int POINTS = 4000;
    private static final double LEAST_Q = 1e-6;
    private static final double MOST_Q = 1e4;
    private static final double RATIO = 1.3;
    private static final double ROUNDING = 1e-6;

    /**
     * The point of an activation function's line with a given sigma_b. A function that keeps its shape at any scale (relu,
     * leaky relu, the identity) has only one, whose sigma_b is 0.
     *
     * @param biases sigma_b, at least 0
     * @return empty if there is no such point, as for a function that mixes numbers
     */
    public static Optional<CriticalLine> of(IActivation activation, double biases) {
        Means means = new Means(activation);
        if (!means.areOfNumbers()) {
            return Optional.empty();
        }
        if (Math.abs(means.excess(1)) < ROUNDING && Math.abs(means.excess(2)) < ROUNDING) {
            return Optional.of(new CriticalLine(means.weights(1), 0));
        }
        double variance = biases * biases;
        DoubleUnaryOperator growth = q -> means.excess(q) + variance;
        if (growth.applyAsDouble(LEAST_Q) <= 0) {
            // Sums vanish in time: the function is its slope at 0.
            return Optional.of(new CriticalLine(means.weights(LEAST_Q), biases));
        }
        for (double q = LEAST_Q * RATIO; q < MOST_Q; q *= RATIO) {
            if (growth.applyAsDouble(q) <= 0) {
                return Optional.of(new CriticalLine(means.weights(root(growth, q / RATIO, q)), biases));
            }
        }
        return Optional.empty();
    }

    /** The sigma_w that keeps gradients where sums have the variance 1; 1 for a function that mixes numbers. */
    public static double gainAtUnitVariance(IActivation activation) {
        Means means = new Means(activation);
        return means.areOfNumbers() ? means.weights(1) : 1;
    }

    private static double root(DoubleUnaryOperator falling, double from, double to) {
        double low = from;
        double high = to;
        while (high - low > 1e-12 * high) {
            double middle = (low + high) / 2;
            if (falling.applyAsDouble(middle) > 0) {
                low = middle;
            } else {
                high = middle;
            }
            if (middle == low && middle == high) {
                break;
            }
        }
        return (low + high) / 2;
    }

    /** Expectations over a standard normal z, by sums over a fine grid. */
    private static final class Means {

        private final IActivation activation;
        private final INDArray grid = Nd4j.linspace(DataType.DOUBLE, -REACH, 2 * REACH / (POINTS - 1), POINTS)
                .reshape(1, POINTS);
        private final INDArray density;

        Means(IActivation activation) {
            this.activation = activation;
            double[] of = new double[POINTS];
            for (int i = 0; i < POINTS; i++) {
                double z = -REACH + i * 2 * REACH / (POINTS - 1);
                of[i] = Math.exp(-z * z / 2);
            }
            double sum = Arrays.stream(of).sum();
            density = Nd4j.createFromArray(of).reshape(1, POINTS).divi(sum);
        }

        /** Whether the function maps each number by itself, where softmax, say, mixes the outputs of a layer. */
        boolean areOfNumbers() {
            INDArray together = activation.getActivation(grid.dup(), false);
            INDArray alone =
                    activation.getActivation(grid.getColumns(POINTS / 3).dup(), false);
            return Math.abs(together.getDouble(0, POINTS / 3) - alone.getDouble(0)) <= ROUNDING;
        }

        /** The sigma_w under which gradients keep their size at a variance. */
        double weights(double q) {
            INDArray slopes = activation
                    .backprop(grid.mul(Math.sqrt(q)), Nd4j.ones(DataType.DOUBLE, 1, POINTS))
                    .getFirst();
            return 1 / Math.sqrt(mean(slopes));
        }

        /** By how much a layer without biases raises a variance under that sigma_w. */
        double excess(double q) {
            double weights = weights(q);
            return weights * weights * mean(activation.getActivation(grid.mul(Math.sqrt(q)), false)) - q;
        }

        private double mean(INDArray values) {
            return values.mul(values).muli(density).sumNumber().doubleValue();
        }
    }
}
