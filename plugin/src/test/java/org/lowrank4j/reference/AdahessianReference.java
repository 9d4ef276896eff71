package org.lowrank4j.reference;

import java.util.List;
import org.lowrank4j.gradient.AdaHessian;
import org.lowrank4j.gradient.CurvatureMoments;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * AdaHessian on quadratic losses whose Hessian is given. The vector of some cases is made up of a dense weight, a
 * convolution kernel [2, 2, 3, 3] and a bias, one after the other, each in row-major order. The matrix of the kernel is
 * column-major on the same memory.
 */
public final class AdahessianReference implements Reference {

    private static final long[][] DENSE_KERNEL_BIAS = {{4, 3}, {18, 2}, {3}};
    private static final List<Long> KERNEL = List.of(3L, 3L);

    @Override
    public String method() {
        return "adahessian";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray theta = given.input("theta", type);
        INDArray hessian = given.input("H", type);
        INDArray z = given.input("z", type);
        long size = theta.length();
        long[][] shapes = given.name().startsWith("dense_conv_bias") ? DENSE_KERNEL_BIAS : new long[][] {{size}};
        CurvatureMoments[] moments = new CurvatureMoments[shapes.length];
        for (int i = 0; i < shapes.length; i++) {
            moments[i] = new CurvatureMoments(
                    new Kept("test", type),
                    shapes[i],
                    order(shapes[i]),
                    isKernel(shapes[i]) ? KERNEL : List.of(),
                    new AdaHessian.Settings(
                            given.number("beta1"), given.number("beta2"), given.number("eps"), given.number("power")));
        }
        int steps = given.whole("steps");
        INDArray[] recorded = {
            Nd4j.create(type, steps, size),
            Nd4j.create(type, steps, size),
            Nd4j.create(type, steps, size),
            Nd4j.create(type, steps, size)
        };
        for (int t = 0; t < steps; t++) {
            INDArray gradient = hessian.mmul(theta).subi(given.input("c", type));
            INDArray product = hessian.mmul(z.getRow(t).dup());
            recorded[0].putRow(t, gradient);
            recorded[1].putRow(t, product);
            INDArray decay = theta.mul(given.number("lr") * given.number("weight_decay"));
            long offset = 0;
            for (int i = 0; i < shapes.length; i++) {
                INDArray h =
                        moments[i].magnitude(section(product, offset, shapes[i]).dup(order(shapes[i])));
                section(recorded[2].getRow(t), offset, shapes[i]).assign(h);
                moments[i].apply(
                        section(gradient, offset, shapes[i]), section(product, offset, shapes[i]), given.number("lr"));
                offset += h.length();
            }
            theta.subi(gradient).subi(decay);
            recorded[3].putRow(t, theta);
        }
        outcome.put("g", recorded[0]);
        outcome.put("hvp", recorded[1]);
        outcome.put("h", recorded[2]);
        outcome.put("theta_steps", recorded[3]);
    }

    private static INDArray section(INDArray vector, long offset, long[] shape) {
        long length = 1;
        for (long side : shape) {
            length *= side;
        }
        return vector.get(NDArrayIndex.interval(offset, offset + length)).reshape(order(shape), shape);
    }

    private static boolean isKernel(long[] shape) {
        return shape.length == 2 && shape[0] == DENSE_KERNEL_BIAS[1][0];
    }

    private static char order(long[] shape) {
        return isKernel(shape) ? 'f' : 'c';
    }
}
