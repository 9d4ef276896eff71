package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The moments of one tensor under AdaHessian (arXiv 2006.00719 and its released code), and its steps:
 *
 * <pre>
 * h = |H z|                                     of a kernel nOut x nIn x kH x kW, the mean over kH and kW in its place
 * m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) h^2                t = 1, 2, ...
 * step = rate m / (1 - beta1^t) / ((sqrt(v) / sqrt(1 - beta2^t))^power + epsilon)
 * </pre>
 *
 * <p>Two arrays of the tensor's size and a counter.
 */
public final class CurvatureMoments {

    /** A convolution kernel. */
    private static final int KERNEL_RANK = 4;

    private final AdaHessian.Settings settings;
    private final INDArray first;
    private final INDArray second;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);

    /**
     * Moments of zeros.
     *
     * @param type FLOAT or DOUBLE
     * @param shape of the tensor, of any rank
     * @param order of its gradients, 'f' or 'c'
     */
    public CurvatureMoments(DataType type, long[] shape, char order, AdaHessian.Settings settings) {
        this.settings = settings;
        first = Nd4j.create(type, shape, order);
        second = Nd4j.create(type, shape, order);
    }

    /** Steps taken so far. */
    public long steps() {
        return step.data().getLong(0);
    }

    /** |H z| in the place of H z: by entries, or for a kernel, of rank 4, by filters. */
    public static INDArray magnitude(INDArray product) {
        INDArray h = Transforms.abs(product, false);
        return h.rank() == KERNEL_RANK ? h.assign(h.mean(true, 2, 3).broadcast(h.shape())) : h;
    }

    /**
     * Turns a gradient into the step to subtract, in place.
     *
     * @param gradient g, of the tensor's shape and order
     * @param product H z, of the same shape and order; its content is destroyed
     * @param rate the learning rate of this step
     */
    public void apply(INDArray gradient, INDArray product, double rate) {
        long t = steps() + 1;
        step.data().put(0, t);
        first.muli(settings.beta1()).addi(gradient.muli(1 - settings.beta1()));
        INDArray h = magnitude(product);
        second.muli(settings.beta2()).addi(h.muli(h).muli(1 - settings.beta2()));
        INDArray divisor = Transforms.sqrt(h.assign(second), false).divi(Math.sqrt(1 - Math.pow(settings.beta2(), t)));
        if (settings.power() != 1) {
            Transforms.pow(divisor, settings.power(), false);
        }
        gradient.assign(first).divi(divisor.addi(settings.epsilon())).muli(rate / (1 - Math.pow(settings.beta1(), t)));
    }

    /** Live arrays by name. */
    Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("first", first);
        state.put("second", second);
        state.put("step", step);
        return state;
    }
}
