package org.lowrank4j.update;

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
public final class Dora implements LowRankUpdate {

    @Override
    public String name() {
        return "dora";
    }

    @Override
    public String defaultInitialisation() {
        return "kaiming";
    }

    @Override
    public Footprint footprint(TargetWeight target) {
        long n = target.inputs();
        long m = target.outputs();
        return LoraTarget.footprint(target)
                .training(new long[] {n, target.rank()}, new long[] {target.rank(), m}, new long[] {1, m})
                .plus("2 r m + 2 m", 2 * m * (target.rank() + 1), target.dataType());
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new DoraTarget(target);
    }
}
