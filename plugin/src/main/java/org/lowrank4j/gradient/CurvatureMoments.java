package org.lowrank4j.gradient;

import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
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
    private final KeptNumber step;

    /**
     * Moments of zeros.
     *
     * @param kept where they are declared
     * @param shape of the tensor, of any rank
     * @param order of its gradients, 'f' or 'c'
     */
    public CurvatureMoments(Kept kept, long[] shape, char order, AdaHessian.Settings settings) {
        this.settings = settings;
        first = kept.array("first", order, shape);
        second = kept.array("second", order, shape);
        step = kept.number("step", 0);
    }

    /** Steps taken so far. */
    public long steps() {
        return step.get();
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
        long t = step.increment();
        first.muli(settings.beta1()).addi(gradient.muli(1 - settings.beta1()));
        INDArray h = magnitude(product);
        second.muli(settings.beta2()).addi(h.muli(h).muli(1 - settings.beta2()));
        INDArray divisor = Transforms.sqrt(h.assign(second), false).divi(Math.sqrt(1 - Math.pow(settings.beta2(), t)));
        if (settings.power() != 1) {
            Transforms.pow(divisor, settings.power(), false);
        }
        gradient.assign(first).divi(divisor.addi(settings.epsilon())).muli(rate / (1 - Math.pow(settings.beta1(), t)));
    }

    /** A copy of both moments, one after the other, each in the tensor's order. */
    INDArray state() {
        return Nd4j.concat(1, flat(first), flat(second));
    }

    /** Puts such a copy back. */
    void state(INDArray state) {
        long length = first.length();
        flat(first).assign(state.get(NDArrayIndex.all(), NDArrayIndex.interval(0, length)));
        flat(second).assign(state.get(NDArrayIndex.all(), NDArrayIndex.interval(length, 2 * length)));
    }

    private static INDArray flat(INDArray moment) {
        return moment.reshape(moment.ordering(), 1, moment.length());
    }
}
