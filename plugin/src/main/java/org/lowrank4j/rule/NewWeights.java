package org.lowrank4j.rule;

/** How the weights of a network are drawn where its {@code init()} draws them. */
public enum NewWeights {
    /** As the network is configured. */
    STOCK,
    /** All singular values of a layer's matrix are alike. */
    ORTHOGONAL,
    /** Normal, with the variances under which neither sums nor gradients grow or shrink with depth. */
    EDGE_OF_CHAOS
}
