package org.lowrank4j.initialisation;

import java.util.List;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.RandomisedSvd;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;

/**
 * PiSSA (arXiv 2404.02948, equations 2 to 4, as in the reference LoRA libraries): A and B start as the principal part of
 * W. With W = U S V^T (nIn x nOut),
 *
 * <pre>A = U[:, :r] sqrt(S_r / s),   B = sqrt(S_r / s) V[:, :r]^T,   s A B = [W]_r</pre>
 *
 * so that the implicit base W - s A B is the part of W with the small singular values, and the network starts unchanged.
 *
 * <p>Published with alpha = r, so s = 1. The option niter asks for the fast variant: a randomised decomposition with
 * exactly r directions and that many power iterations, whose factors are a little off the exact ones. A singular value of
 * 0 gives a zero column of A and a zero row of B, which no step can move: W of rank below r trains that much less.
 */
public final class Pissa implements Initialisation {

    private static final String EXACT = "exact";

    @Override
    public String name() {
        return "pissa";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                "niter",
                EXACT,
                "exact for a full decomposition of W, or the power iterations of a fast randomised one; 4 and 16 are"
                        + " published"));
    }

    @Override
    public Factors start(Start start) {
        return SingularFactors.balanced(
                decomposition(start), IntStream.range(0, start.rank()).toArray(), start.scale());
    }

    private static ThinSvd decomposition(Start start) {
        return EXACT.equals(start.options().text("niter"))
                ? ThinSvd.of(start.weight())
                : RandomisedSvd.of(
                        start.weight(), start.rank(), start.options().positiveInt("niter", 1000), start.random());
    }
}
