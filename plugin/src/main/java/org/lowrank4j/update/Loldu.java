package org.lowrank4j.update;

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
public final class Loldu implements LowRankUpdate {

    @Override
    public String name() {
        return "loldu";
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
    public Footprint footprint(TargetWeight target) {
        long n = target.inputs();
        long m = target.outputs();
        long r = target.rank();
        return Footprint.of(new long[] {1, r}, new long[] {1, 1})
                .plus("r (n + 2 m) + r + 1", r * (n + 2 * m) + r + 1, target.dataType());
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new LolduTarget(name(), target);
    }
}
