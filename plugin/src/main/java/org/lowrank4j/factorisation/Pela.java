package org.lowrank4j.factorisation;

import java.util.List;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * PELA's cut (arXiv 2310.10700, section 3.1, and the released code): the singular value decomposition of W with the root of the
 * singular values for each factor, and a rank of its own, nIn nOut / (c (nIn + nOut)), which leaves one part in c of the
 * numbers. Layers with fewer than 10 outputs stay.
 */
public final class Pela implements Factorisation {

    private static final String C = "c";

    /** Fewer outputs than these are those of a classifier, which the released code leaves alone. */
    private static final int FEWEST_OUTPUTS = 10;

    private final Factorisation cut = new Svd();

    @Override
    public String name() {
        return "pela";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                C,
                "3",
                "how many times fewer numbers a layer has, where no other rank is asked for; a number above 1"));
    }

    @Override
    public RankedFactors factors(WholeLayer layer, OptionValues options) {
        return cut.factors(layer, options);
    }

    @Override
    public long largestRank(WholeLayer layer) {
        return layer.outputs() < FEWEST_OUTPUTS ? 0 : cut.largestRank(layer);
    }

    @Override
    public Integer ownRank(WholeLayer layer, OptionValues options) {
        double c = options.between(C, Math.nextUp(1.0), Double.POSITIVE_INFINITY);
        return (int) (layer.numbers() / (c * (layer.inputs() + layer.outputs())));
    }
}
