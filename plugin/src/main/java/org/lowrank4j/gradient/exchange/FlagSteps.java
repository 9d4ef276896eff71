package org.lowrank4j.gradient.exchange;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.lowrank4j.Console;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The steps of {@link FlagExchange}. */
final class FlagSteps implements GradientExchange.Steps {

    /** Entries whose products are taken at once, in double. */
    private static final long STRETCH = 1 << 15;

    /** A sum of magnitudes from which on squares may not be finite. */
    private static final double HUGE = 1e150;

    private final ExchangedGradient given;
    private final int dimensions;
    private final int iterations;
    private final double lambda;
    private final FlagExchange.Scale scale;
    private final UnaryOperator<INDArray> begin;
    private boolean saidNotFinite;

    /**
     * @param dimensions 0 for those of a majority
     * @param begin of the directions' inner products: what a step's first subspace holds of them
     */
    FlagSteps(
            ExchangedGradient given,
            int dimensions,
            int iterations,
            double lambda,
            FlagExchange.Scale scale,
            UnaryOperator<INDArray> begin) {
        this.given = given;
        this.dimensions = dimensions;
        this.iterations = iterations;
        this.lambda = lambda;
        this.scale = scale;
        this.begin = begin;
    }

    @Override
    public long bytes() {
        return given.bytes();
    }

    @Override
    public String remark() {
        return dimensions(given.replicas()) < given.replicas()
                ? ""
                : "nothing is left out of the gradients: as many dimensions as replicas";
    }

    private int dimensions(int replicas) {
        return dimensions == 0 ? replicas / 2 + 1 : Math.min(dimensions, replicas);
    }

    @Override
    public long combine(List<GradientExchange.Part> parts) {
        List<GradientExchange.Part> finite = new ArrayList<>();
        for (GradientExchange.Part part : parts) {
            if (Blas.asum(part.vector()) < HUGE) {
                finite.add(part);
            } else {
                sayNotFinite(part.replica());
            }
        }
        if (finite.isEmpty()) {
            parts.forEach(part -> part.vector().assign(Double.NaN));
            return parts.size() * given.bytes();
        }
        INDArray result = finite.get(0).vector();
        List<INDArray> statistics = statistics(finite);
        double[] factors = factors(finite, dimensions(parts.size()));
        for (int i = 0; i < factors.length; i++) {
            INDArray part = finite.get(i).vector().muli(factors[i]);
            if (i > 0) {
                result.addi(part);
            }
        }
        for (ExchangedTensor tensor : given.tensors()) {
            if (tensor.statistic()) {
                tensor.of(result).assign(statistics.remove(0));
            }
        }
        parts.stream()
                .filter(part -> part.vector() != result)
                .forEach(part -> part.vector().assign(result));
        return parts.size() * given.bytes();
    }

    private void sayNotFinite(int replica) {
        if (!saidNotFinite) {
            saidNotFinite = true;
            Console.warn(
                    "exchange=flag sets the gradient of replica " + replica + " aside, which is not finite, and goes"
                            + " on with the others. Look for NaN or infinite values in the data of that replica. Later ones are"
                            + " set aside silently.");
        }
    }

    /** The shares of the examples. */
    private static double[] shares(List<GradientExchange.Part> parts) {
        double all = parts.stream().mapToInt(GradientExchange.Part::examples).sum();
        return parts.stream().mapToDouble(part -> part.examples() / all).toArray();
    }

    /** The means of the running statistics, in their order. */
    private List<INDArray> statistics(List<GradientExchange.Part> parts) {
        double[] shares = shares(parts);
        List<INDArray> means = new ArrayList<>();
        for (ExchangedTensor tensor : given.tensors()) {
            if (tensor.statistic()) {
                INDArray mean = tensor.of(parts.get(0).vector()).mul(shares[0]);
                for (int i = 1; i < shares.length; i++) {
                    mean.addi(tensor.of(parts.get(i).vector()).mul(shares[i]));
                }
                means.add(mean);
            }
        }
        return means;
    }

    /** What each gradient is multiplied by in the sum that all go on with. */
    private double[] factors(List<GradientExchange.Part> parts, int most) {
        INDArray products = products(parts);
        double[] factors = new double[parts.size()];
        List<Integer> directed = new ArrayList<>();
        for (int i = 0; i < factors.length; i++) {
            if (products.getDouble(i, i) > 0) {
                directed.add(i);
            }
        }
        if (directed.isEmpty()) {
            return factors;
        }
        int count = directed.size();
        double[] lengths = new double[count];
        for (int i = 0; i < count; i++) {
            lengths[i] = Math.sqrt(products.getDouble(directed.get(i), directed.get(i)));
        }
        INDArray gram = Nd4j.create(DataType.DOUBLE, new long[] {count, count}, 'f');
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < count; j++) {
                double product = products.getDouble(directed.get(i), directed.get(j));
                gram.putScalar(i, j, i == j ? 1 : product / lengths[i] / lengths[j]);
            }
        }
        FlagSubspace subspace = new FlagSubspace(gram, most, lambda, begin.apply(gram));
        for (int i = 0; i < iterations; i++) {
            subspace.iterate();
        }
        double[] shares = shares(parts);
        double[] sum = new double[count];
        double median = median(lengths);
        for (int i = 0; i < count; i++) {
            sum[i] = switch (scale) {
                case MEDIAN -> median * shares[directed.get(i)];
                case MEAN -> lengths[i] * shares[directed.get(i)];
                case UNIT -> 1.0 / Math.min(most, count);
            };
        }
        double[] projected = subspace.project(sum);
        for (int i = 0; i < count; i++) {
            factors[directed.get(i)] = projected[i] / lengths[i];
        }
        return factors;
    }

    private static double median(double[] lengths) {
        double[] sorted = lengths.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The inner products of the gradients, p x p, in double. */
    private INDArray products(List<GradientExchange.Part> parts) {
        int count = parts.size();
        INDArray products = Nd4j.create(DataType.DOUBLE, new long[] {count, count}, 'f');
        INDArray work = Nd4j.create(DataType.DOUBLE, new long[] {STRETCH, count}, 'f');
        for (ExchangedTensor tensor : given.tensors()) {
            if (tensor.statistic()) {
                continue;
            }
            long end = tensor.offset() + tensor.length();
            for (long from = tensor.offset(); from < end; from += STRETCH) {
                long length = Math.min(STRETCH, end - from);
                INDArray rows = work.get(NDArrayIndex.interval(0, length), NDArrayIndex.all());
                for (int i = 0; i < count; i++) {
                    rows.getColumn(i).assign(parts.get(i).vector().get(NDArrayIndex.interval(from, from + length)));
                }
                Blas.gemm(rows, rows, products, true, false, 1, 1);
            }
        }
        return products;
    }
}
