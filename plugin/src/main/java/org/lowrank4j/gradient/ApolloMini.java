package org.lowrank4j.gradient;

/**
 * APOLLO-Mini (arXiv 2412.05270): {@link Apollo} with one factor for the whole gradient,
 *
 * <pre>phi = ||N|| / (||R|| + 1e-8)</pre>
 *
 * <p>so that rank 1 is enough: with Adam its state is 2 max(nIn, nOut) entries and the projector of min(nIn, nOut).
 * Published: rank 1, scale 128, and the rest as in {@link Apollo}. The rank is the rule's; write {@code rank=1}.
 */
public final class ApolloMini extends Apollo {

    /** For the registry. */
    public ApolloMini() {
        super("apollo-mini", "128", false);
    }
}
