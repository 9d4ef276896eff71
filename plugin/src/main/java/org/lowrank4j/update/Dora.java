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
 * the norms of W, so the network starts unchanged, whatever A and B start as. A column of zeros has no direction; its
 * magnitude starts at 0, and with B = 0 it stays a column of zeros.
 *
 * <p>V cannot be told from W where a magnitude passes through 0, so it is kept, and saved, next to W: one array of the
 * size of W that has neither gradient nor updater state. A step needs one more product than LoRA's, x V.
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
                .plus("n m + 3 m", n * m + 3 * m, target.dataType());
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new DoraTarget(target);
    }
}
