package org.lowrank4j.factorisation;

import org.lowrank4j.method.OptionValues;

/**
 * Plain singular value decomposition, with the root of the singular values for each factor: the closest W of its rank. It is
 * the cut of Maestro (arXiv 2308.14929) and, of convolutions, the channel-wise one of Trained Rank Pruning (arXiv 2004.14566,
 * section 3.1).
 */
public final class Svd implements Factorisation {

    @Override
    public String name() {
        return "svd";
    }

    @Override
    public RankedFactors factors(WholeLayer layer, OptionValues options) {
        return Split.singular(layer.weight(), 0.5, 0.5);
    }
}
