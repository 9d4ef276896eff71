package org.lowrank4j.loss;

import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.LossUtil;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;

/**
 * A loss of one example after the other that stands for LossMCXENT and LossNegativeLogLikelihood after softmax, with their
 * class weights, evaluated in double precision. Masks are one factor for each example. The clipping of softmax outputs
 * ({@code softmaxClipEps}) has nothing to clip.
 */
abstract class ClassLoss implements TrainingLoss {

    private static final Set<Class<?>> REPLACED = Set.of(LossMCXENT.class, LossNegativeLogLikelihood.class);

    /**
     * One example in a minibatch.
     *
     * @param z of all examples
     * @param labels of all examples, each multiplied by its class's weight
     * @param from of the example's first class
     * @param to behind its last class
     */
    record Example(double[] z, double[] labels, int from, int to) {}

    /** The loss of one example. */
    abstract double loss(Example example);

    /**
     * Its derivatives by z.
     *
     * @param gradient of all examples; those of this one are written
     */
    abstract void gradient(Example example, double[] gradient);

    /** Classes of the user's own may compute anything, so only DL4J's very classes are replaced. */
    @Override
    public final @Nullable String refusal(ILossFunction own, IActivation activation) {
        if (REPLACED.contains(own.getClass()) && activation.getClass() == ActivationSoftmax.class) {
            return null;
        }
        return "its loss is " + own.getClass().getSimpleName() + " after "
                + activation.getClass().getSimpleName()
                + ", and only LossMCXENT and LossNegativeLogLikelihood after ActivationSoftmax are replaced";
    }

    @Override
    public final double score(INDArray labels, INDArray preOutput, ILossFunction own, @Nullable INDArray mask) {
        Problem problem = new Problem(labels, preOutput, own, mask);
        double sum = 0;
        for (int row = 0; row < problem.rows; row++) {
            sum += problem.factors[row] * loss(problem.example(row));
        }
        return sum;
    }

    @Override
    public final INDArray gradient(INDArray labels, INDArray preOutput, ILossFunction own, @Nullable INDArray mask) {
        Problem problem = new Problem(labels, preOutput, own, mask);
        double[] gradient = new double[problem.z.length];
        for (int row = 0; row < problem.rows; row++) {
            Example example = problem.example(row);
            gradient(example, gradient);
            for (int i = example.from; i < example.to; i++) {
                gradient[i] *= problem.factors[row];
            }
        }
        return Nd4j.createFromArray(gradient).reshape('c', preOutput.shape()).castTo(preOutput.dataType());
    }

    /** One minibatch in double precision: flat arrays, row by row. */
    private static final class Problem {

        private final int rows;
        private final int classes;
        private final double[] z;
        private final double[] weighted;
        private final double[] factors;

        Problem(INDArray labels, INDArray preOutput, ILossFunction own, @Nullable INDArray mask) {
            if (preOutput.rank() != 2 || !labels.equalShapes(preOutput)) {
                throw new IllegalArgumentException("The labels are " + Arrays.toString(labels.shape())
                        + " and the outputs " + Arrays.toString(preOutput.shape())
                        + "; both must be examples x classes.");
            }
            rows = (int) preOutput.size(0);
            classes = (int) preOutput.size(1);
            z = doubles(preOutput);
            weighted = doubles(labels);
            INDArray weights = ((LossMCXENT) own).getWeights();
            if (weights != null) {
                weigh(doubles(weights));
            }
            factors = mask == null ? ones(rows) : factors(mask, preOutput);
        }

        Example example(int row) {
            return new Example(z, weighted, row * classes, (row + 1) * classes);
        }

        private static double[] doubles(INDArray array) {
            return array.castTo(DataType.DOUBLE).dup('c').data().asDouble();
        }

        private static double[] ones(int length) {
            double[] ones = new double[length];
            Arrays.fill(ones, 1);
            return ones;
        }

        private static double[] factors(INDArray mask, INDArray preOutput) {
            if (LossUtil.isPerOutputMasking(preOutput, mask)) {
                throw new UnsupportedOperationException("A mask of single outputs (its shape is "
                        + Arrays.toString(mask.shape())
                        + ") means nothing to a distribution over classes. Mask examples or time steps.");
            }
            return doubles(mask);
        }

        private void weigh(double[] weights) {
            if (weights.length != classes) {
                throw new IllegalArgumentException(
                        "The loss has " + weights.length + " class weights for " + classes + " classes.");
            }
            for (int i = 0; i < weighted.length; i++) {
                weighted[i] *= weights[i % classes];
            }
        }
    }
}
