package org.lowrank4j.gradient.exchange;

/**
 * The mean of the trained tensors and of the products (FedEx-LoRA, arXiv 2410.09432): W becomes the mean of the replicas'
 * weights, W0 + s mean(A B), as in full training, and the part that mean(A) mean(B) does not hold moves the base. So the
 * change of the weights is of a higher rank than the factors.
 */
public final class ExactExchange implements ValueExchange {

    @Override
    public String name() {
        return "exact";
    }

    @Override
    public boolean averagesWeights() {
        return true;
    }
}
