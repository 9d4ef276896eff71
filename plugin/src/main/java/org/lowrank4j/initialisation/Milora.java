package org.lowrank4j.initialisation;

import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;

/**
 * MiLoRA (arXiv 2406.09044, section 3, and the released code): as {@link Pissa}, but A and B start as the part of W with
 * the r <em>smallest</em> singular values, so that training leaves the principal part of W alone. The network starts
 * unchanged.
 *
 * <p>Published with alpha = r, so s = 1. The decomposition is exact and in double, because the smallest triplets are the
 * first that rounding destroys. Singular values of 0 give zero columns of A and zero rows of B, which no step can move:
 * for W of rank min(nIn, nOut) - r or less nothing but rounding is trained, and another initialisation should be chosen.
 */
public final class Milora implements Initialisation {

    @Override
    public String name() {
        return "milora";
    }

    @Override
    public Factors start(Start start) {
        ThinSvd svd = ThinSvd.of(start.weight());
        int[] last = IntStream.range(svd.size() - start.rank(), svd.size()).toArray();
        return SingularFactors.balanced(svd, last, start.scale());
    }
}
