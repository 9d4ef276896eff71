package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Array arithmetic with the broadcasting and indexing rules that the invariants are written in. */
final class Arithmetic {

    private static final double RANK_TOLERANCE = 1e-10;

    private Arithmetic() {}

    static Values map(Values a, DoubleUnaryOperator operator) {
        return new Values(a.shape(), Arrays.stream(a.data()).map(operator).toArray());
    }

    /** Element by element; sides of length 1, and missing leading sides, are repeated. */
    static Values combine(Values a, Values b, DoubleBinaryOperator operator) {
        int rank = Math.max(a.shape().length, b.shape().length);
        int[] shape = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            int ofA = sideFromTheEnd(a, rank - axis);
            int ofB = sideFromTheEnd(b, rank - axis);
            if (ofA != ofB && ofA != 1 && ofB != 1) {
                throw new IllegalArgumentException("the shapes " + Arrays.toString(a.shape()) + " and "
                        + Arrays.toString(b.shape()) + " do not fit");
            }
            shape[axis] = ofA == 1 ? ofB : ofA;
        }
        double[] data = new double[product(shape)];
        for (int i = 0; i < data.length; i++) {
            data[i] = operator.applyAsDouble(a.data()[position(i, shape, a)], b.data()[position(i, shape, b)]);
        }
        return new Values(shape, data);
    }

    private static int sideFromTheEnd(Values a, int distance) {
        int axis = a.shape().length - distance;
        return axis < 0 ? 1 : a.size(axis);
    }

    /** Where the entry that is at this position of the repeated array comes from. */
    private static int position(int index, int[] shape, Values a) {
        int position = 0;
        int stride = 1;
        int rest = index;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            int coordinate = rest % shape[axis];
            rest /= shape[axis];
            int own = axis - (shape.length - a.shape().length);
            if (own >= 0) {
                position += (a.size(own) == 1 ? 0 : coordinate) * stride;
                stride *= a.size(own);
            }
        }
        return position;
    }

    /** The matrix product; a vector on the left is a row, on the right a column. */
    static Values multiply(Values a, Values b) {
        int inner = a.size(a.shape().length - 1);
        int rows = a.data().length / Math.max(inner, 1);
        int columns = b.shape().length == 1 ? 1 : b.size(1);
        if (a.shape().length > 2 || b.shape().length > 2 || b.size(0) != inner) {
            throw new IllegalArgumentException("the shapes " + Arrays.toString(a.shape()) + " and "
                    + Arrays.toString(b.shape()) + " cannot be multiplied");
        }
        double[] data = new double[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                for (int k = 0; k < inner; k++) {
                    data[i * columns + j] += a.data()[i * inner + k] * b.data()[k * columns + j];
                }
            }
        }
        int[] shape = IntStream.concat(
                        a.shape().length == 1 ? IntStream.empty() : IntStream.of(rows),
                        b.shape().length == 1 ? IntStream.empty() : IntStream.of(columns))
                .toArray();
        return new Values(shape, data);
    }

    static Values transpose(Values a) {
        if (a.shape().length < 2) {
            return a;
        }
        int[] axes = new int[a.shape().length];
        Arrays.setAll(axes, i -> axes.length - 1 - i);
        return transpose(a, axes);
    }

    static Values transpose(Values a, int[] axes) {
        int[] shape = Arrays.stream(axes).map(a::size).toArray();
        int[] strides = strides(a.shape());
        double[] data = new double[a.data().length];
        for (int i = 0; i < data.length; i++) {
            int from = 0;
            int rest = i;
            for (int axis = shape.length - 1; axis >= 0; axis--) {
                from += rest % shape[axis] * strides[axes[axis]];
                rest /= shape[axis];
            }
            data[i] = a.data()[from];
        }
        return new Values(shape, data);
    }

    /** Keeps these positions of one axis. */
    static Values take(Values a, int axis, int[] positions) {
        int before = product(Arrays.copyOf(a.shape(), axis));
        int after = product(Arrays.copyOfRange(a.shape(), axis + 1, a.shape().length));
        int[] shape = a.shape().clone();
        shape[axis] = positions.length;
        double[] data = new double[product(shape)];
        for (int i = 0; i < before; i++) {
            for (int j = 0; j < positions.length; j++) {
                System.arraycopy(
                        a.data(),
                        (i * a.size(axis) + positions[j]) * after,
                        data,
                        (i * positions.length + j) * after,
                        after);
            }
        }
        return new Values(shape, data);
    }

    /** Removes an axis of length 1. */
    static Values drop(Values a, int axis) {
        int[] shape = IntStream.range(0, a.shape().length)
                .filter(i -> i != axis)
                .map(a::size)
                .toArray();
        return new Values(shape, a.data());
    }

    static Values sum(Values a, int axis) {
        Values sum = drop(take(a, axis, new int[] {0}), axis);
        for (int i = 1; i < a.size(axis); i++) {
            sum = combine(sum, drop(take(a, axis, new int[] {i}), axis), Double::sum);
        }
        return sum;
    }

    static double sum(Values a) {
        return Arrays.stream(a.data()).sum();
    }

    /** One side may be -1 and follows from the others. */
    static Values reshape(Values a, int[] shape) {
        int known = Arrays.stream(shape).filter(side -> side >= 0).reduce(1, (x, y) -> x * y);
        return new Values(
                Arrays.stream(shape)
                        .map(side -> side < 0 ? a.data().length / known : side)
                        .toArray(),
                a.data());
    }

    static double norm(Values a) {
        return Math.sqrt(Arrays.stream(a.data()).map(x -> x * x).sum());
    }

    static Values filled(int[] shape, double value) {
        double[] data = new double[product(shape)];
        Arrays.fill(data, value);
        return new Values(shape, data);
    }

    static Values identity(int size) {
        return Values.of(Nd4j.eye(size));
    }

    /** A square matrix from a vector, or the diagonal of a matrix. */
    static Values diagonal(Values a) {
        int size = a.size(0);
        if (a.shape().length == 1) {
            double[] data = new double[size * size];
            for (int i = 0; i < size; i++) {
                data[i * size + i] = a.data()[i];
            }
            return new Values(new int[] {size, size}, data);
        }
        int diagonal = Math.min(size, a.size(1));
        return new Values(
                new int[] {diagonal},
                IntStream.range(0, diagonal)
                        .mapToDouble(i -> a.data()[i * a.size(1) + i])
                        .toArray());
    }

    static Values singularValues(Values a) {
        double[] values = ThinSvd.of(a.toNd4j()).singularValues();
        return new Values(new int[] {values.length}, values);
    }

    static int rank(Values a) {
        double[] values = singularValues(a).data();
        return (int) Arrays.stream(values)
                .filter(value -> value > RANK_TOLERANCE * values[0])
                .count();
    }

    static Values truncated(Values a, int rank) {
        return Values.of(ThinSvd.of(a.toNd4j()).truncated(rank));
    }

    /** The orthogonal projector on the columns. */
    static Values projector(Values a) {
        INDArray columns =
                ThinSvd.of(a.toNd4j()).left(IntStream.range(0, rank(a)).toArray());
        return Values.of(columns.mmul(columns.transpose()));
    }

    static Values inverse(Values a) {
        ThinSvd svd = ThinSvd.of(a.toNd4j());
        double[] reciprocals =
                Arrays.stream(svd.singularValues()).map(value -> 1 / value).toArray();
        return Values.of(svd.vt()
                .transpose()
                .mulRowVector(Nd4j.createFromArray(reciprocals))
                .mmul(svd.u().transpose()));
    }

    /** Over the last axis. */
    static Values softmax(Values a) {
        int last = a.size(a.shape().length - 1);
        double[] data = a.data().clone();
        for (int row = 0; row < data.length; row += last) {
            double largest = Arrays.stream(data, row, row + last).max().orElseThrow();
            double total = 0;
            for (int i = row; i < row + last; i++) {
                data[i] = Math.exp(data[i] - largest);
                total += data[i];
            }
            for (int i = row; i < row + last; i++) {
                data[i] /= total;
            }
        }
        return new Values(a.shape(), data);
    }

    private static int[] strides(int[] shape) {
        int[] strides = new int[shape.length];
        int stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        return strides;
    }

    private static int product(int[] shape) {
        return Arrays.stream(shape).reduce(1, (x, y) -> x * y);
    }

    /**
     * A convolution of images.
     *
     * @param x examples x channels x height x width
     * @param w outputs x channels x height x width of the filters
     * @param bias one for each output, or none
     * @param stride down and across
     * @param padding zeros above and below, left and right
     */
    static Values convolution(Values x, Values w, Values bias, int[] stride, int[] padding) {
        int height = (x.size(2) + 2 * padding[0] - w.size(2)) / stride[0] + 1;
        int width = (x.size(3) + 2 * padding[1] - w.size(3)) / stride[1] + 1;
        int[] shape = {x.size(0), w.size(0), height, width};
        double[] data = new double[product(shape)];
        for (int i = 0; i < data.length; i++) {
            int across = i % width * stride[1] - padding[1];
            int down = i / width % height * stride[0] - padding[0];
            int output = i / (width * height) % w.size(0);
            int example = i / (width * height * w.size(0));
            data[i] = bias.data().length == 0 ? 0 : bias.data()[output];
            for (int j = 0; j < w.data().length / w.size(0); j++) {
                int column = across + j % w.size(3);
                int row = down + j / w.size(3) % w.size(2);
                int channel = j / (w.size(3) * w.size(2));
                if (row >= 0 && row < x.size(2) && column >= 0 && column < x.size(3)) {
                    data[i] += w.data()[output * (w.data().length / w.size(0)) + j]
                            * x.data()[((example * x.size(1) + channel) * x.size(2) + row) * x.size(3) + column];
                }
            }
        }
        return new Values(shape, data);
    }
}
