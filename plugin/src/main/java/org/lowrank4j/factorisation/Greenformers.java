package org.lowrank4j.factorisation;

import org.lowrank4j.method.OptionValues;

/**
 * Greenformers (arXiv 2109.06762, and the released code with its SVD): the singular value decomposition of W with the singular
 * values for the first factor; of a dense layer two (LED), of a convolution filters of its size and then of one pixel (CED).
 * A layer is cut where the rank is below nIn nOut / (nIn + nOut), with a convolution's channels as nIn, whatever the size of
 * its filters.
 */
public final class Greenformers implements Factorisation {

    @Override
    public String name() {
        return "greenformers";
    }

    @Override
    public RankedFactors factors(WholeLayer layer, OptionValues options) {
        return Split.singular(layer.weight(), 1, 0);
    }

    @Override
    public long largestRank(WholeLayer layer) {
        return gate(layer.inputs() / layer.filterSize(), layer.outputs()) - 1;
    }

    /**
     * The rank from which on a layer stays whole.
     *
     * @param inputs nIn of a dense layer, the channels of a convolution
     */
    public static long gate(long inputs, long outputs) {
        return inputs * outputs / (inputs + outputs);
    }
}
