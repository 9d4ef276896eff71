package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Dion (arXiv 2504.05295, algorithm 1 and the released code): steps of rank r with nearly equal singular values, of the sum
 * of all gradients G that is not used up yet; one power iteration a step, started from where the last one ended.
 *
 * <pre>
 * M = M + G
 * P = orthonormal(M^T Q)                     nOut x r
 * R = M P                                    nIn x r
 * M = M - (1 - momentum) R P^T               what the rank leaves out stays for later steps
 * Q = R with columns of length 1
 * W -= rate * sqrt(nOut / nIn) * Q P^T
 * </pre>
 *
 * <p>At full rank and for a sum that stands still, Q P^T goes to U V^T of it, as in {@link NormDescent}. The filters of a
 * convolution are the columns of a matrix (channels and places x filters).
 *
 * <p>For hidden layers, as published: the first layer with weights, output layers, tables of tokens and all vectors have the
 * user's updater, unless the rule names them in {@code layers}. Made for training from scratch.
 *
 * <p>State: M of W's size and Q, nIn x r. A step takes three products with r columns and one QR decomposition. Published
 * rate 0.01, momentum 0.95, weight decay 0.01, rank 1/2 to 1/16 of the shorter side.
 */
public final class Dion implements MatrixOptimiser {

    private static final double EPSILON = 1e-8;

    @Override
    public String name() {
        return "dion";
    }

    @Override
    public boolean usesRank() {
        return true;
    }

    @Override
    public boolean hiddenOnly() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                "momentum",
                "0.95",
                "the share of what a step used that stays in the sum of the gradients, from 0 to below 1"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        double used = 1 - target.optionsOf(this).belowOne("momentum");
        double size = Math.sqrt((double) target.outputs() / target.inputs());
        Kept kept = target.kept().under(name());
        INDArray sum = kept.array("sum", 'f', target.inputs(), target.outputs());
        INDArray query = kept.array("query", 'f', target.inputs(), target.rank());
        kept.fill(() -> Draws.normal(query, 1, target.random("dion query")));
        return new MatrixStep(update, target) {
            @Override
            void makeDirection(INDArray gradient) {
                Blas.axpy(1, gradient, sum);
                INDArray image = empty(gradient, target.outputs(), target.rank());
                Blas.gemm(sum, query, image, true, false, 1, 0);
                INDArray p = ThinQr.of(image).q().castTo(gradient.dataType());
                Blas.gemm(sum, p, query, false, false, 1, 0);
                Blas.gemm(query, p, sum, false, true, -used, 1);
                query.diviRowVector(query.norm2(0).addi(EPSILON).reshape(1, target.rank()));
                Blas.gemm(query, p, gradient, false, true, size, 0);
            }
        };
    }
}
