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
 * Cross entropy with StableMax in the place of softmax (arXiv 2501.04697, equation 7), evaluated in double precision.
 *
 * <pre>
 * s(z) = z + 1 for z &gt;= 0, 1 / (1 - z) for z &lt; 0      p = s(z) / sum s(z)
 * L = -sum_k w_k y_k log p_k                           dL/dz_i = (p_i sum_k w_k y_k - w_i y_i) / (1 + |z_i|)
 * </pre>
 *
 * <p>In single precision, softmax leaves a gradient of exactly 0 once the right class is about 17 ahead of every other,
 * and the network stops to learn; s grows like a straight line, and its gradient fades but stays. StableMax is softmax of
 * sign(z) log(1 + |z|), so both put the classes into the same order.
 *
 * <p>Stands for LossMCXENT and LossNegativeLogLikelihood after softmax, with their class weights w. Labels may be any
 * distribution, or any weights of classes. Masks are one factor for each example. The clipping of softmax outputs
 * ({@code softmaxClipEps}) has nothing to clip here.
 */
public final class StableMax implements TrainingLoss {

    private static final Set<Class<?>> REPLACED = Set.of(LossMCXENT.class, LossNegativeLogLikelihood.class);

    @Override
    public String name() {
        return "stablemax";
    }

    /** Classes of the user's own may compute anything, so only DL4J's very classes are replaced. */
    @Override
    public @Nullable String refusal(ILossFunction own, IActivation activation) {
        if (REPLACED.contains(own.getClass()) && activation.getClass() == ActivationSoftmax.class) {
            return null;
        }
        return "its loss is " + own.getClass().getSimpleName() + " after "
                + activation.getClass().getSimpleName()
                + ", and only LossMCXENT and LossNegativeLogLikelihood after ActivationSoftmax are replaced";
    }

    @Override
    public double score(INDArray labels, INDArray preOutput, ILossFunction own, @Nullable INDArray mask) {
        Problem problem = new Problem(labels, preOutput, own, mask);
        double sum = 0;
        for (int row = 0; row < problem.rows; row++) {
            sum += problem.loss(row);
        }
        return sum;
    }

    @Override
    public INDArray gradient(INDArray labels, INDArray preOutput, ILossFunction own, @Nullable INDArray mask) {
        Problem problem = new Problem(labels, preOutput, own, mask);
        double[] gradient = new double[problem.z.length];
        for (int row = 0; row < problem.rows; row++) {
            problem.gradient(row, gradient);
        }
        return Nd4j.createFromArray(gradient).reshape('c', preOutput.shape()).castTo(preOutput.dataType());
    }

    /** s, which stands where softmax has the exponential. */
    public static double transformed(double z) {
        return z >= 0 ? z + 1 : 1 / (1 - z);
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

        private double sum(int row) {
            double sum = 0;
            for (int i = row * classes; i < (row + 1) * classes; i++) {
                sum += transformed(z[i]);
            }
            return sum;
        }

        double loss(int row) {
            double logSum = Math.log(sum(row));
            double loss = 0;
            for (int i = row * classes; i < (row + 1) * classes; i++) {
                if (weighted[i] != 0) {
                    loss += weighted[i] * (logSum - Math.copySign(Math.log1p(Math.abs(z[i])), z[i]));
                }
            }
            return factors[row] * loss;
        }

        void gradient(int row, double[] gradient) {
            double sum = sum(row);
            double mass = 0;
            for (int i = row * classes; i < (row + 1) * classes; i++) {
                mass += weighted[i];
            }
            for (int i = row * classes; i < (row + 1) * classes; i++) {
                double probability = transformed(z[i]) / sum;
                gradient[i] = factors[row] * (probability * mass - weighted[i]) / (1 + Math.abs(z[i]));
            }
        }
    }
}
