package org.lowrank4j.gradient;

import java.util.SplittableRandom;
import org.lowrank4j.method.Kept;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/** One tensor under {@link AdaHessian}: z, H z and the moments. */
final class AdaHessianTensor implements MethodUpdater.Rule {

    private final TrainedTensor tensor;
    private final CurvatureMoments moments;
    private final INDArray direction;
    private final INDArray product;

    AdaHessianTensor(TrainedTensor tensor, Kept kept, AdaHessian.Settings settings) {
        this.tensor = tensor;
        moments = new CurvatureMoments(kept, tensor.shape(), tensor.order(), settings);
        direction = kept.work("z", tensor.order(), tensor.shape());
        product = kept.work("H z", tensor.order(), tensor.shape());
    }

    long steps() {
        return moments.steps();
    }

    /** Sets z, entry by entry in the tensor's order, from the bits of the generator. */
    void draw(SplittableRandom random) {
        float[] signs = new float[Math.toIntExact(tensor.length())];
        long bits = 0;
        for (int i = 0; i < signs.length; i++) {
            if (i % Long.SIZE == 0) {
                bits = random.nextLong();
            }
            signs[i] = (bits & 1) == 0 ? -1 : 1;
            bits >>>= 1;
        }
        try (INDArray drawn = Nd4j.create(signs, tensor.shape(), tensor.order())) {
            direction.assign(drawn);
        }
    }

    /** z. */
    INDArray direction() {
        return direction;
    }

    /** H z, or on the way to it. */
    INDArray product() {
        return product;
    }

    /** A copy of both moments, one after the other, each in the tensor's order. */
    INDArray moments() {
        return moments.state();
    }

    /** Puts such a copy back, as it is now. */
    void moments(INDArray state) {
        moments.state(state);
    }

    @Override
    public void apply(INDArray gradient, IUpdater users, int iteration, int epoch) {
        moments.apply(gradient.reshape(tensor.order(), tensor.shape()), product, rate(users, iteration, epoch));
    }
}
