package org.lowrank4j.update;

/**
 * LoLDU (arXiv 2410.13618, section 3, and the released code): W moves through the diagonal of its own LDU decomposition.
 * With W^T = P L D U (nOut x nIn, partial pivoting on the outputs), A = U[:r]^T and B = (P L[:, :r])^T stay as they are,
 * and the r pivots z = diag(D)[:r] and one number sigma are trained:
 *
 * <pre>W = W0 + sigma A diag(z) B,   dz_i = sigma (A^T G B^T)_ii,   dsigma = sum_i z_i (A^T G B^T)_ii</pre>
 *
 * <p>sigma starts at the scale alpha / r. The network starts unchanged: the implicit base is W - sigma A diag(z) B. The
 * paper trains sigma; the released code declares it as trained but leaves it out of what it hands to the optimizer.
 *
 * <p>Trained numbers and updater state are r + 1 for each layer; A and B are kept and saved. The first r pivots are not the
 * r most important directions of W: published with ranks up to the full one. A pivot that is 0 up to rounding (W of rank
 * below r, or an input whose weights are all 0) has no row of U; its z is 0 and never moves.
 */
public final class Loldu implements LowRankUpdate {

    @Override
    public String name() {
        return "loldu";
    }

    @Override
    public String defaultInitialisation() {
        return "";
    }

    @Override
    public boolean hasFactors() {
        return false;
    }

    /** 1, as the released code makes its layers. */
    @Override
    public double defaultAlpha() {
        return 1;
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new LolduTarget(name(), target);
    }
}
