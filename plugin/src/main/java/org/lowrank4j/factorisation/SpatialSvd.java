package org.lowrank4j.factorisation;

import org.lowrank4j.method.OptionValues;

/**
 * The spatial-wise cut of Trained Rank Pruning (arXiv 2004.14566, section 3.1): of a two-dimensional convolution filters of one
 * column and then filters of one row, which get the singular values; all other layers as by {@link Svd}.
 */
public final class SpatialSvd implements Factorisation {

    @Override
    public String name() {
        return "svd-spatial";
    }

    @Override
    public RankedFactors factors(WholeLayer layer, OptionValues options) {
        return layer.filterSize() == 1
                ? Split.singular(layer.weight(), 0.5, 0.5)
                : Split.singular(layer.weight(), 0, 1);
    }

    @Override
    public boolean spatial() {
        return true;
    }
}
