package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Numbers of a case in double, row-major. A number has the shape [].
 *
 * @param shape may be empty, and may have zeros
 * @param data as many as the product of the shape
 */
record Values(int[] shape, double[] data) {

    Values {
        int length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (length != data.length) {
            throw new IllegalArgumentException(
                    data.length + " numbers do not have the shape " + Arrays.toString(shape));
        }
    }

    static Values scalar(double value) {
        return new Values(new int[0], new double[] {value});
    }

    static Values of(INDArray array) {
        int[] shape = Arrays.stream(array.shape()).mapToInt(Math::toIntExact).toArray();
        return array.isEmpty()
                ? new Values(shape, new double[0])
                : new Values(
                        shape, array.castTo(DataType.DOUBLE).dup('c').data().asDouble());
    }

    double scalar() {
        if (data.length != 1) {
            throw new IllegalArgumentException("the shape " + Arrays.toString(shape) + " is no number");
        }
        return data[0];
    }

    int size(int axis) {
        return shape[axis];
    }

    double largest() {
        return Arrays.stream(data).map(Math::abs).max().orElse(0);
    }

    INDArray toNd4j() {
        long[] sides = IntStream.of(shape).asLongStream().toArray();
        return data.length == 0 ? Nd4j.create(DataType.DOUBLE, sides) : Nd4j.create(data, sides, 'c');
    }
}
