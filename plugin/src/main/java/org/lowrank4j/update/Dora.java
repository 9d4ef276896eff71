package org.lowrank4j.update;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * DoRA (arXiv 2402.09353, equations 5 and 11, as in the reference PEFT libraries): LoRA trains the direction of each
 * output's weights, and a vector M (nOut numbers) their magnitude.
 *
 * <pre>
 * V = W0 + s A B,   c_j = norm of column j of V,   W[:, j] = M_j V[:, j] / c_j
 * delta' = delta M / c,   dA = s x^T delta' B^T,   dB = s (x A)^T delta',   dM_j = sum delta_j (x V)_j / c_j
 * </pre>
 *
 * <p>The gradients take c for a constant, as the paper's section 4.3 proposes. c follows V after every step. M starts as
 * the norms of W, so the network starts unchanged, whatever A and B start as.
 *
 * <p>V is not kept: it is W with its columns divided by the ratios M / c, nOut numbers. So what a program writes to W moves
 * V, with A and B as they are, and M follows. A column of zeros has no direction, whether it starts as one, a magnitude
 * comes to be exactly 0 or a program writes it: it stays one until a program writes something else there. A step needs one
 * more product than LoRA's, x W.
 */
public final class Dora implements FactorUpdate {

    @Override
    public String name() {
        return "dora";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS, Replication.STEPS, Replication.VALUES);
    }

    @Override
    public String defaultInitialisation() {
        return "kaiming";
    }

    @Override
    public FactorTarget attach(TargetWeight target) {
        return new Target(target);
    }

    @Override
    public Optional<String> curvatureRefusal() {
        return Optional.of(
                "its gradients take the norms of the columns for constant, so they are no derivatives of the loss");
    }

    /**
     * LoRA on V = W0 + s A B of one weight, and the magnitudes of W's columns.
     *
     * <p>V is W with each column divided by its ratio M_j / c_j, so only the ratios are kept. With U = W - s [dA | A] [B' ; dB]
     * diag(ratios), a step leaves column j at
     *
     * <pre>W'_j = U_j (M'_j / M_j) (|W_j| / |U_j|)</pre>
     *
     * and multiplies its ratio by the same: W stays as it is, bit for bit, where nothing moves. What somebody else writes to W
     * moves V with it, and the magnitudes follow before the next step.
     */
    private static final class Target extends AttachedUpdate implements FactorTarget {

        private final INDArray weight;
        private final Lora.Target lora;
        /** 1 x nOut, positive or negative; 0 for a column of zeros only. */
        private final INDArray magnitude;
        /** M_j / c_j, of the sign of M_j; 0 for a column of zeros, which has no direction. 1 x nOut. */
        private final INDArray ratios;
        /** [B ; dB] with columns scaled. */
        private final INDArray moved;
        /** How far |M_j| and the norm of W's column may drift apart by rounding, in parts of them. */
        private final double rounding;

        /** Of W's columns at the beginning of a step; empty between steps. */
        private double[] norms = {};

        Target(TargetWeight target) {
            super(target);
            weight = target.weight();
            lora = new Lora.Target(target) {
                @Override
                void moveWeight(INDArray left, INDArray right) {
                    INDArray scaled = moved.get(NDArrayIndex.interval(0, right.size(0)), NDArrayIndex.all());
                    super.moveWeight(left, scaled.assign(right).muliRowVector(ratios));
                }
            };
            moved = kept().work("[B ; dB] scaled", 'c', 2L * target.rank(), target.outputs());
            trained("A", 'f', false, lora.a());
            trained("B", 'c', true, lora.b());
            magnitude = trained("M", 'c', true, 1, target.outputs());
            ratios = kept().array("ratio", 'c', 1, target.outputs());
            rounding = target.dataType() == DataType.DOUBLE ? 1e-12 : 1e-5;
        }

        @Override
        public void start(Factors start) {
            lora.start(start);
            magnitude.assign(0);
            ratios.assign(0);
            follow();
        }

        @Override
        public void beforeForward(int iteration, int epoch) {
            follow();
        }

        @Override
        public void abandon() {
            norms = new double[0];
        }

        /** Looks at W's columns: where the magnitude is not the norm, somebody else has written to W. */
        private void follow() {
            norms = columnNorms();
            for (int j = 0; j < norms.length; j++) {
                double known = Math.abs(magnitude.getDouble(j));
                if (Math.abs(norms[j] - known) > rounding * Math.max(norms[j], known)) {
                    if (norms[j] == 0) {
                        ratios.putScalar(j, 0);
                    } else if (ratios.getDouble(j) == 0) {
                        ratios.putScalar(j, 1);
                    }
                    magnitude.putScalar(j, ratios.getDouble(j) < 0 ? -norms[j] : norms[j]);
                }
            }
        }

        private double[] columnNorms() {
            return weight.norm2(true, 0).toDoubleVector();
        }

        @Override
        public void gradient(WeightGradient gradient, @Nullable INDArray[] gradients) {
            lora.gradient(gradient.withColumnsScaled(ratios), gradients);
            // (x V)_j / c_j is (x W)_j / M_j; a column of zeros has 0 above the line.
            INDArray divisors = magnitude.add(magnitude.eq(0).castTo(magnitude.dataType()));
            Objects.requireNonNull(gradients[2])
                    .assign(gradient.columnDots(weight))
                    .divi(divisors);
        }

        @Override
        public void move(@Nullable INDArray[] steps) {
            if (norms.length == 0) {
                follow();
            }
            double[] before = magnitude.toDoubleVector();
            lora.move(steps);
            magnitude.subi(Objects.requireNonNull(steps[2]));
            double[] after = magnitude.toDoubleVector();
            double[] turned = columnNorms();
            double[] factors = new double[norms.length];
            for (int j = 0; j < factors.length; j++) {
                boolean hasDirection = norms[j] > 0 && turned[j] > 0;
                factors[j] = hasDirection ? after[j] / before[j] * (norms[j] / turned[j]) : 0;
                if (!hasDirection) {
                    magnitude.putScalar(j, 0);
                }
            }
            INDArray row =
                    Nd4j.createFromArray(factors).castTo(weight.dataType()).reshape(1, factors.length);
            ratios.muli(row);
            weight.muliRowVector(row);
            norms = new double[0];
        }

        @Override
        public Factors factors() {
            return lora.factors();
        }
    }
}
