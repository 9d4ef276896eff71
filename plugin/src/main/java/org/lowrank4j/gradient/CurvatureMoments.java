package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The moments of one tensor under AdaHessian (arXiv 2006.00719 and its released code), and its steps:
 *
 * <pre>
 * h = |H z|                        of a convolution's filters, in its place the mean over the places of each channel
 * m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) h^2                t = 1, 2, ...
 * step = rate m / (1 - beta1^t) / ((sqrt(v) / sqrt(1 - beta2^t))^power + epsilon)
 * </pre>
 *
 * <p>Two arrays of the tensor's size and a counter.
 */
public final class CurvatureMoments {

    private final AdaHessian.Settings settings;
    private final List<Long> kernel;
    private final INDArray first;
    private final INDArray second;
    private final KeptNumber step;

    /**
     * Moments of zeros.
     *
     * @param kept where they are declared
     * @param shape of the tensor, of any rank
     * @param order of its gradients, 'f' or 'c'
     * @param kernel the sides of a convolution's filters whose rows are the tensor's, as in {@link TargetWeight#kernel};
     *     empty for others
     */
    public CurvatureMoments(Kept kept, long[] shape, char order, List<Long> kernel, AdaHessian.Settings settings) {
        this.settings = settings;
        this.kernel = List.copyOf(kernel);
        first = kept.array("first", order, shape);
        second = kept.array("second", order, shape);
        step = kept.number("step", 0);
    }

    /** Steps taken so far. */
    public long steps() {
        return step.get();
    }

    /** |H z| in the place of H z: by entries, or for filters by their channels. */
    public INDArray magnitude(INDArray product) {
        INDArray h = Transforms.abs(product, false);
        if (!kernel.isEmpty()) {
            long places = kernel.stream().reduce(1L, Math::multiplyExact);
            long channels = h.size(0) / places;
            char order = h.ordering();
            // A row is (channel, place), or of one side (place, channel); the later one is the faster in a column.
            int placesAt = kernel.size() == 1 == (order == 'f') ? 1 : 0;
            INDArray byPlace = placesAt == 0
                    ? h.reshape(order, places, channels, h.size(1))
                    : h.reshape(order, channels, places, h.size(1));
            byPlace.assign(byPlace.mean(true, placesAt).broadcast(byPlace.shape()));
        }
        return h;
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
