package org.lowrank4j.update;

import java.util.List;
import org.lowrank4j.method.MethodOption;

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
public final class Vera implements LowRankUpdate {

    @Override
    public String name() {
        return "vera";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption("d-initial", "0.1", "what every entry of d starts at, a number above 0"));
    }

    @Override
    public String defaultInitialisation() {
        return "";
    }

    @Override
    public boolean hasFactors() {
        return false;
    }

    /** The bound of the uniform distribution of A (fan-in: largest nIn) and of B (fan-in: r). */
    public static double bound(long fanIn) {
        return Math.sqrt(6.0 / fanIn);
    }

    @Override
    public Footprint footprint(TargetWeight target) {
        long m = target.outputs();
        long r = target.rank();
        long largestInputs = target.shared().largestInputs();
        long largestOutputs = target.shared().largestOutputs();
        return Footprint.of(new long[] {1, r}, new long[] {1, m})
                .plus("r m + r + m", r * m + r + m, target.dataType())
                .plusCounters(1)
                .plusShared(
                        "A and B of rank " + r,
                        "in common r (largest n + largest m)",
                        r * (largestInputs + largestOutputs),
                        target.dataType());
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new VeraTarget(name(), target, target.optionsOf(this).positiveDouble("d-initial"));
    }
}
