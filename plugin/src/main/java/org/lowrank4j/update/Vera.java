package org.lowrank4j.update;

import java.util.List;
import java.util.Random;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * VeRA (arXiv 2310.11454, equation 2, as in the reference PEFT libraries): W moves by A diag(d) B diag(b), where A and B
 * are random, fixed and shared by all layers, and only d (r numbers) and b (nOut numbers) are trained.
 *
 * <pre>dd_k = sum_j (A^T G)_kj B_kj b_j,   db_j = sum_k d_k (A^T G)_kj B_kj</pre>
 *
 * <p>All layers of a network with this update and rank share one A (largest nIn x r, uniform with bound sqrt(6 / largest
 * nIn)) and one B (r x largest nOut, uniform with bound sqrt(6 / r)); a layer takes the first nIn rows and the first nOut
 * columns. They are in memory once, and are not saved: a saved state has the seed that they are drawn from.
 *
 * <p>d starts at d-initial and b at 0, so the network starts unchanged, and the first step moves only b. There is no alpha:
 * {@code alpha} and {@code scaling} have no effect. Published with rank 256.
 */
public final class Vera implements OwnUpdate {

    @Override
    public String name() {
        return "vera";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption("d-initial", "0.1", "what every entry of d starts at, a number above 0"));
    }

    /** The bound of the uniform distribution of A (fan-in: largest nIn) and of B (fan-in: r). */
    public static double bound(long fanIn) {
        return Math.sqrt(6.0 / fanIn);
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(target, target.optionsOf(this).positiveDouble("d-initial"));
    }

    /** The two trained vectors of one weight, around factors that its network shares. */
    private static final class Target extends AttachedUpdate {

        private final double initial;
        private final INDArray d;
        private final INDArray b;
        private final KeptNumber seed;
        /** r x nOut: what is multiplied by A to move W. */
        private final INDArray moved;

        /** This layer's rows of the shared A, nIn x r in 'c' order: the first rows are one piece of memory. */
        private INDArray left;
        /** This layer's columns of the shared B, r x nOut in 'f' order: the first columns are one piece of memory. */
        private INDArray right;

        Target(TargetWeight target, double initial) {
            super(target);
            this.initial = initial;
            d = trained("d", 'c', true, 1, target.rank());
            b = trained("b", 'c', true, 1, target.outputs());
            seed = kept().number("seed", target.shared().seed());
            moved = kept().work("dW of A", 'f', target.rank(), target.outputs());
            left = left();
            right = right();
            kept().afterRestoring(() -> {
                left = left();
                right = right();
            });
        }

        private INDArray left() {
            long rows = target().shared().largestInputs();
            return shared("A", 'c', rows, target().rank(), bound(rows))
                    .get(NDArrayIndex.interval(0, target().inputs()), NDArrayIndex.all());
        }

        private INDArray right() {
            return shared("B", 'f', target().rank(), target().shared().largestOutputs(), bound(target().rank()))
                    .get(NDArrayIndex.all(), NDArrayIndex.interval(0, target().outputs()));
        }

        private INDArray shared(String factor, char order, long rows, long columns, double bound) {
            String name = "common " + factor + " of rank " + target().rank() + ", seed " + seed.get();
            return target().shared().array(name, target().kept(), order, new long[] {rows, columns}, drawn -> {
                Random random = new Random(seed.get() * 31 + order);
                for (long i = 0; i < rows; i++) {
                    for (long j = 0; j < columns; j++) {
                        drawn.putScalar(i, j, bound * (2 * random.nextDouble() - 1));
                    }
                }
            });
        }

        @Override
        public void start() {
            d.assign(initial);
            b.assign(0);
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            INDArray products =
                    Nd4j.createUninitialized(b.dataType(), new long[] {target().rank(), target().outputs()}, 'f');
            gradient.transposeTimes(left, 1, products, 0);
            products.muli(right);
            Blas.gemm(b, products, gradients[0], false, true, 1, 0);
            Blas.gemm(d, products, gradients[1], false, false, 1, 0);
        }

        @Override
        public void move(INDArray[] steps) {
            // d_k b_j - d'_k b'_j = d_k db_j + dd_k b'_j
            Blas.gemm(d, steps[1], moved, true, false, 1, 0);
            d.subi(steps[0]);
            b.subi(steps[1]);
            Blas.gemm(steps[0], b, moved, true, false, 1, 1);
            moved.muli(right);
            Blas.gemm(left, moved, target().weight(), false, false, -1, 1);
        }
    }
}
