package org.lowrank4j.update;

import java.util.Set;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * LoLDU (arXiv 2410.13618, section 3, and the released code): W moves through the diagonal of its own LDU decomposition. A
 * and B are its triangles ({@link org.lowrank4j.initialisation.LolduStart}) and stay as they are; the r pivots z and one
 * number sigma are trained:
 *
 * <pre>W = W0 + sigma A diag(z) B,   dz_i = sigma (A^T G B^T)_ii,   dsigma = sum_i z_i (A^T G B^T)_ii</pre>
 *
 * <p>sigma starts at the scale alpha / r. The paper trains it; the released code declares it as trained but leaves it out
 * of what it hands to the optimizer.
 *
 * <p>Trained numbers and updater state are r + 1 for each layer; A and B are kept and saved. Published with ranks up to the
 * full one.
 */
public final class Loldu implements CoreUpdate {

    @Override
    public String name() {
        return "loldu";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS, Replication.STEPS, Replication.VALUES);
    }

    @Override
    public String defaultInitialisation() {
        return "loldu";
    }

    /** 1, as the released code makes its layers. */
    @Override
    public double defaultAlpha() {
        return 1;
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(name(), target);
    }

    /** The trained diagonal and scale between two fixed triangles of one weight. */
    private static final class Target extends AttachedUpdate {

        private final FixedFactors factors;
        private final INDArray z;
        private final INDArray sigma;
        /** B with each row multiplied by its part of a step. */
        private final INDArray moved;

        Target(String update, TargetWeight target) {
            super(target);
            factors = new FixedFactors(update, target);
            z = trained("z", 'c', true, 1, target.rank());
            sigma = trained("sigma", 'c', true, 1, 1);
            moved = kept().work("dz B", 'c', target.rank(), target.outputs());
        }

        @Override
        public void start(Factors given) {
            factors.start(given, "z", z);
            sigma.assign(target().scale());
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            INDArray diagonal = factors.diagonal(gradient);
            gradients[0].assign(diagonal).muli(sigma.getDouble(0));
            gradients[1].assign(diagonal.muli(z).sumNumber());
        }

        @Override
        public void move(INDArray[] steps) {
            // sigma z - sigma' z' = sigma' dz + dsigma z
            INDArray fall = z.mul(steps[1].getDouble(0));
            sigma.subi(steps[1]);
            z.subi(steps[0]);
            fall.addi(steps[0].muli(sigma.getDouble(0)));
            moved.assign(factors.b()).muliColumnVector(fall.reshape(fall.length(), 1));
            Blas.gemm(factors.a(), moved, target().weight(), false, false, -1, 1);
        }
    }
}
