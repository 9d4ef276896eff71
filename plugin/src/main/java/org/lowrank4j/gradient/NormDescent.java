package org.lowrank4j.gradient;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Steepest descent under a norm (arXiv 2409.20325): of all steps T of length 1 the one along which the
 * gradient G falls most.
 *
 * <pre>
 * of          length of T                             T                               dual length of G, &lt;G, T&gt;
 * rms         RMS of outputs for inputs of RMS 1      sqrt(nOut/nIn) U V^T            sqrt(nOut/nIn) sum S
 * spectral    largest singular value                  U V^T                           sum S
 * entry       largest entry                           sign(G)                         sum |G_ij|
 * row         largest RMS of a row                    every row to RMS 1              sqrt(nOut) sum of the rows' lengths
 * column      longest column                          every column to length 1        sum of the columns' lengths
 * frobenius   root of the sum of squares              G / length                      length of G
 * </pre>
 *
 * <p>with G = U S V^T. These are Shampoo and Muon (spectral, rms) and Adam (entry) without their averages; a row is for a
 * table of tokens, a column is what one output sums up. What is 0 in G, or rounding, is 0 in T.
 *
 * <p>{@code length=unit}: W -= rate T, with the rates of Muon (0.02) for rms and spectral, those of Adam (0.001) for entry.
 * {@code dual}: W -= rate dual T, where the rate is 1 / lambda of the paper and as small as SGD's. {@code joint}: the layers
 * together have the length of their longest, so all take the sum of their dual lengths in the place of their own.
 *
 * <p>No state. {@code rms} and {@code spectral} take a full decomposition of G in every step.
 */
public final class NormDescent implements MatrixOptimiser {

    /** What is 1 of a step. */
    enum Of {
        RMS,
        SPECTRAL,
        ENTRY,
        ROW,
        COLUMN,
        FROBENIUS
    }

    /** What a step of length 1 is multiplied by, besides the rate. */
    enum Length {
        UNIT,
        DUAL,
        JOINT
    }

    @Override
    public String name() {
        return "norm";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("of", "rms", "the norm of a step: rms, spectral, entry, row, column or frobenius"),
                new MethodOption(
                        "length",
                        "unit",
                        "the length of a step at rate 1: unit for 1, dual for the dual length of the layer's gradient,"
                                + " joint for the sum of those of all layers"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        return new Target(
                update,
                target,
                target.optionsOf(this).choice("of", Of.class),
                target.optionsOf(this).choice("length", Length.class));
    }

    /** The dual lengths of the gradients of one step, by layer. */
    private static final class Duals {
        private final Map<String, Double> ofLayers = new HashMap<>();

        double sum() {
            return ofLayers.values().stream().mapToDouble(Double::doubleValue).sum();
        }
    }

    private static final class Target extends MatrixStep {

        private final Of of;
        private final Length length;
        private final Duals duals;
        /** Whether the steps of this target are those of rate 1 and length 1 as yet. */
        private boolean unscaled;

        Target(TargetUpdate update, TargetWeight target, Of of, Length length) {
            super(update, target);
            this.of = of;
            this.length = length;
            duals = target.shared().part(Duals.class, Duals::new);
        }

        @Override
        void makeDirection(INDArray gradient) {
            double dual = makeUnit(of, gradient);
            if (length == Length.DUAL) {
                gradient.muli(dual);
            } else if (length == Length.JOINT) {
                duals.ofLayers.put(target().layer(), dual);
                unscaled = true;
            }
        }

        /** All gradients have been seen once the first step is asked for. */
        private void scale(INDArray step) {
            if (unscaled) {
                step.muli(duals.sum());
                unscaled = false;
            }
        }

        @Override
        public void regularise(
                Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
            if (term.applyStep() == ApplyStep.POST_UPDATER) {
                scale(gradients[0]);
            }
            super.regularise(term, gradients, learningRates, iteration, epoch);
        }

        @Override
        public void step(INDArray[] steps) {
            scale(steps[0]);
            super.step(steps);
        }
    }

    /**
     * Turns G into the steepest step of length 1, in place.
     *
     * @return the dual length of G
     */
    static double makeUnit(Of of, INDArray gradient) {
        double aspect = Math.sqrt((double) gradient.size(1) / gradient.size(0));
        return switch (of) {
            case RMS -> aspect * makeOrthogonal(gradient, aspect);
            case SPECTRAL -> makeOrthogonal(gradient, 1);
            case ENTRY -> {
                double dual = gradient.norm1Number().doubleValue();
                Transforms.sign(gradient, false);
                yield dual;
            }
            case ROW -> {
                INDArray lengths = gradient.norm2(1);
                double root = Math.sqrt(gradient.size(1));
                gradient.muliColumnVector(reciprocals(lengths).muli(root).reshape(lengths.length(), 1));
                yield root * lengths.sumNumber().doubleValue();
            }
            case COLUMN -> {
                INDArray lengths = gradient.norm2(0);
                gradient.muliRowVector(reciprocals(lengths).reshape(1, lengths.length()));
                yield lengths.sumNumber().doubleValue();
            }
            case FROBENIUS -> {
                double dual = gradient.norm2Number().doubleValue();
                gradient.muli(dual == 0 ? 0 : 1 / dual);
                yield dual;
            }
        };
    }

    /** 1 / each, and 0 for 0. */
    private static INDArray reciprocals(INDArray lengths) {
        INDArray reciprocals = lengths.dup();
        for (long i = 0; i < lengths.length(); i++) {
            double length = lengths.getDouble(i);
            reciprocals.putScalar(i, length == 0 ? 0 : 1 / length);
        }
        return reciprocals;
    }

    /**
     * G = factor U V^T of those singular vectors whose values are more than rounding.
     *
     * @return the sum of the singular values
     */
    private static double makeOrthogonal(INDArray gradient, double factor) {
        ThinSvd svd = ThinSvd.of(gradient);
        double[] values = svd.singularValues();
        double unit = gradient.dataType() == DataType.DOUBLE ? Math.ulp(1.0) : Math.ulp(1f);
        double rounding = unit * Math.max(gradient.size(0), gradient.size(1)) * values[0];
        int[] kept = IntStream.range(0, values.length)
                .filter(i -> values[i] > rounding)
                .toArray();
        if (kept.length == 0) {
            gradient.assign(0);
        } else {
            gradient.assign(svd.left(kept).mmul(svd.right(kept)).muli(factor));
        }
        return IntStream.of(kept).mapToDouble(i -> values[i]).sum();
    }
}
