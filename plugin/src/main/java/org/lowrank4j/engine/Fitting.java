package org.lowrank4j.engine;

/** How one layer's gradient views are set; made once, applied whenever stock views were in the way. */
interface Fitting {

    /** For a layer that nothing is backpropagated through, or that has no parameters. */
    Fitting NONE = part -> {};

    void apply(Part part);
}
