package org.lowrank4j.update;

import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * KaSA, knowledge-aware singular-value adaptation (arXiv 2412.06071, as in the reference PEFT library): W first loses its r
 * smallest singular triplets, taken for noise, and then moves by s A diag(d) B, of which all three are trained.
 *
 * <pre>dA = s (G B^T) diag(d),   dd_k = s (A^T G B^T)_kk,   dB = s diag(d) (A^T G)</pre>
 *
 * <p>A starts as LoRA's does (uniform within 1 / sqrt(nIn)), d is normal with mean 0 and deviation 1, and B starts at 0.
 * The network starts moved by the lost triplets. The paper's two terms that regularise d and the factors are left out; d has
 * the user's l1, l2 and weight decay, as every tensor.
 */
public final class Kasa implements OwnUpdate {

    @Override
    public String name() {
        return "kasa";
    }

    @Override
    public boolean usesScale() {
        return true;
    }

    /** W without its r smallest singular triplets, in double. */
    public static INDArray truncated(INDArray weight, int rank) {
        ThinSvd svd = ThinSvd.of(weight);
        int[] first = IntStream.range(0, svd.size() - rank).toArray();
        if (first.length == 0) {
            return weight.mul(0);
        }
        INDArray values = Nd4j.createFromArray(Arrays.copyOf(svd.singularValues(), first.length));
        return svd.left(first).muliRowVector(values).mmul(svd.right(first));
    }

    @Override
    public Set<String> factors() {
        return Set.of("A", "B");
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(target);
    }

    /**
     * A, d and B of one weight. With C = diag(d) B, a step moves W by s (A' C' - A C) = -s [dA | A'] [C ; C - C'].
     */
    private static final class Target extends AttachedUpdate {

        private final INDArray a;
        private final INDArray d;
        private final INDArray b;
        /** [dA | A], nIn x 2r. */
        private final INDArray left;
        /** [C ; C - C'], 2r x nOut. */
        private final INDArray right;

        private final INDArray stepOfA;
        private final INDArray product;
        private final INDArray fall;

        Target(TargetWeight target) {
            super(target);
            int rank = target.rank();
            left = kept().work("[dA | A]", 'f', target.inputs(), 2L * rank);
            right = kept().work("[C ; dC]", 'c', 2L * rank, target.outputs());
            stepOfA = left.get(NDArrayIndex.all(), NDArrayIndex.interval(0, rank));
            a = kept().saved("A", left.get(NDArrayIndex.all(), NDArrayIndex.interval(rank, 2L * rank)));
            product = right.get(NDArrayIndex.interval(0, rank), NDArrayIndex.all());
            fall = right.get(NDArrayIndex.interval(rank, 2L * rank), NDArrayIndex.all());
            trained("A", 'f', false, a);
            d = trained("d", 'c', true, 1, rank);
            b = trained("B", 'c', true, rank, target.outputs());
        }

        @Override
        public boolean startMovesWeight() {
            return true;
        }

        @Override
        public void start() {
            INDArray weight = target().weight();
            weight.assign(truncated(weight, target().rank()).castTo(weight.dataType()));
            Random random = target().random("kasa");
            Uniform.fill(a, 1 / Math.sqrt(target().inputs()), random);
            for (int i = 0; i < target().rank(); i++) {
                d.putScalar(i, random.nextGaussian());
            }
            b.assign(0);
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            double scale = target().scale();
            gradient.times(b.transpose(), scale, gradients[0], 0);
            gradient.transposeTimes(a, scale, gradients[2], 0);
            gradients[1].assign(gradients[2].mul(b).sum(1).reshape(1, d.length()));
            gradients[0].muliRowVector(d);
            gradients[2].muliColumnVector(d.reshape(d.length(), 1));
        }

        @Override
        public void move(INDArray[] steps) {
            INDArray column = d.reshape(d.length(), 1);
            product.assign(b).muliColumnVector(column);
            stepOfA.assign(steps[0]);
            a.subi(stepOfA);
            d.subi(steps[1]);
            b.subi(steps[2]);
            fall.assign(b).muliColumnVector(column).rsubi(product);
            Blas.gemm(left, right, target().weight(), false, false, -target().scale(), 1);
        }
    }
}
