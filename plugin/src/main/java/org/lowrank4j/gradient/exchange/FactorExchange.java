package org.lowrank4j.gradient.exchange;

/**
 * The mean of the trained tensors, of factors as of all else: W becomes W0 + s mean(A) mean(B), so the change of the
 * weights keeps its rank. With one step of plain SGD between two means this is one machine on all minibatches together.
 */
public final class FactorExchange implements ValueExchange {

    @Override
    public String name() {
        return "factors";
    }

    @Override
    public boolean averagesWeights() {
        return false;
    }
}
