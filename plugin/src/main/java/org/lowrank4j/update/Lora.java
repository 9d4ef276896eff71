package org.lowrank4j.update;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.RowGradient;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * LoRA (arXiv 2106.09685, equation 3): W moves by s A B, with A (nIn x r) and B (r x nOut) trained and s = alpha / r, or
 * alpha / sqrt(r) for rsLoRA (arXiv 2312.03732).
 *
 * <p>In the orientation y = x W the gradients are dA = s G B^T and dB = s A^T G with G = dL/dW = x^T delta.
 */
public final class Lora implements FactorUpdate {

    /** When W is moved. */
    enum Merge {
        /** At the end of fit or when anyone looks, where that costs less; else in every step. */
        AUTO,
        /** At the end of fit or when anyone looks. */
        FIT,
        /** In every step. */
        STEP
    }

    @Override
    public String name() {
        return "lora";
    }

    @Override
    public Set<Replication> replicates() {
        return EnumSet.allOf(Replication.class);
    }

    @Override
    public String defaultInitialisation() {
        return "kaiming";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                "merge",
                "auto",
                "when W moves: when anything asks for it, and at the end of a fit from an iterator (fit), in every step"
                        + " (step), or whichever costs less (auto)"));
    }

    @Override
    public FactorTarget attach(TargetWeight target) {
        return new Target(target, target.optionsOf(this).choice("merge", Merge.class));
    }

    /**
     * The factors A and B of one weight, and the step that moves W by s (A' B' - A B).
     *
     * <p>A and B live inside two wider matrices, left = [dA | A] (nIn x 2r) and right = [B ; dB] (2r x nOut). With A' = A -
     * dA and B' = B - dB,
     *
     * <pre>W' = W + s (A' B' - A B) = W - s (dA B' + A dB) = W - s [dA | A] [B' ; dB]</pre>
     *
     * so a step is one product into W, and W is never rebuilt from a base: a step of zeros leaves it as it is, bit for bit.
     * On an open {@link LoraSidePath} a step moves the factors only.
     */
    static class Target extends AttachedUpdate implements FactorTarget {

        static final String A = "A";
        static final String B = "B";

        private final INDArray weight;
        private final double scale;
        private final INDArray left;
        private final INDArray right;
        private final INDArray stepOfA;
        private final INDArray stepOfB;
        private final INDArray a;
        private final INDArray b;
        private final @Nullable LoraSidePath sidePath;
        private Factors factors;

        /** W moves in every step. */
        Target(TargetWeight target) {
            this(target, Merge.STEP);
        }

        Target(TargetWeight target, Merge merge) {
            super(target);
            this.weight = target.weight();
            this.scale = target.scale();
            long rank = target.rank();
            // 'f' keeps columns of the left matrix, 'c' rows of the right one, in one piece: all four parts are
            // contiguous.
            left = kept().work("[dA | A]", 'f', target.inputs(), 2 * rank);
            right = kept().work("[B ; dB]", 'c', 2 * rank, target.outputs());
            stepOfA = left.get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank));
            a = kept().saved(A, left.get(NDArrayIndex.all(), NDArrayIndex.interval(rank, 2 * rank)));
            b = kept().saved(B, right.get(NDArrayIndex.interval(0, rank), NDArrayIndex.all()));
            stepOfB = right.get(NDArrayIndex.interval(rank, 2 * rank), NDArrayIndex.all());
            trained(A, 'f', false, a);
            trained(B, 'c', true, b);
            factors = new Factors(a, b);
            kept().afterRestoring(this::setAnew);
            sidePath = merge == Merge.STEP
                    ? null
                    : new LoraSidePath(weight, scale, a, b, right, merge == Merge.FIT, kept());
        }

        /** Whoever has worked something out from the factors sees that they are others. */
        final void setAnew() {
            factors = new Factors(a, b);
        }

        @Override
        public final @Nullable SidePath sidePath() {
            return sidePath;
        }

        private @Nullable LoraSidePath openSidePath() {
            return sidePath != null && sidePath.isOpen() ? sidePath : null;
        }

        /** A, nIn x r, in 'f' order: the r vectors follow one another in memory. */
        final INDArray a() {
            return a;
        }

        /** B, r x nOut, in 'c' order: the r vectors follow one another in memory. */
        final INDArray b() {
            return b;
        }

        @Override
        public final Factors factors() {
            return factors;
        }

        @Override
        public void start(Factors start) {
            set(A, a, start.a());
            set(B, b, start.b());
            setAnew();
        }

        @Override
        public final void gradient(WeightGradient gradient, @Nullable INDArray[] gradients) {
            LoraSidePath open = openSidePath();
            INDArray ofA = gradients[0];
            INDArray ofB = gradients[1];
            if (open != null && gradient instanceof RowGradient rows && ofA != null && ofB != null) {
                open.gradients(rows, ofA, ofB);
                return;
            }
            if (ofB != null) {
                gradient.transposeTimes(a, scale, ofB, 0);
            }
            if (ofA != null) {
                gradient.times(b.transpose(), scale, ofA, 0);
            }
        }

        @Override
        public final void move(@Nullable INDArray[] steps) {
            LoraSidePath open = openSidePath();
            INDArray ofA = steps[0];
            INDArray ofB = steps[1];
            if (ofA == null || ofB == null) {
                // One product of r vectors: A dB, or dA B.
                moveWeight(ofA == null ? a : ofA, ofB == null ? b : ofB);
                subtract(ofA, a);
                subtract(ofB, b);
            } else if (open != null) {
                subtract(ofA, a);
                subtract(ofB, b);
                open.step();
            } else {
                Blas.copy(ofA, stepOfA);
                Blas.copy(ofB, stepOfB);
                subtract(stepOfB, b);
                moveWeight(left, right);
                subtract(stepOfA, a);
            }
        }

        private static void subtract(@Nullable INDArray step, INDArray factor) {
            if (step != null) {
                Blas.axpy(-1, step, factor);
            }
        }

        /** W -= s left right. */
        void moveWeight(INDArray ofLeft, INDArray ofRight) {
            Blas.gemm(ofLeft, ofRight, weight, false, false, -scale, 1);
        }

        private void set(String name, INDArray factor, INDArray value) {
            if (!value.dataType().isFPType()
                    || value.rank() != 2
                    || value.size(0) != factor.size(0)
                    || value.size(1) != factor.size(1)) {
                throw new LowRankException("The factor " + name + " of layer " + target().layer() + " must be "
                        + Kept.shape(factor) + " (nIn=" + target().inputs() + ", nOut=" + target().outputs() + ", rank="
                        + target().rank() + "), and it is " + Kept.shape(value) + " of " + value.dataType() + ".");
            }
            factor.assign(value);
        }
    }
}
