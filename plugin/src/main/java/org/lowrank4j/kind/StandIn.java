package org.lowrank4j.kind;

/** How lowrank4j runs a layer's passes in training steps, in the place of DL4J. */
public interface StandIn {

    /**
     * What runs them.
     *
     * @param training what of the layer trains
     */
    LayerPasses passes(LayerTraining training);

    /**
     * Whether it computes what DL4J would, of a layer without weight noise. What does not is for layers that a rule
     * freezes, and leaves those alone that the program froze itself.
     */
    default boolean asStock() {
        return true;
    }

    /** Whether a matrix may lag behind its adapter for some steps: nothing but these passes multiplies by it. */
    default boolean mayLag(String parameter) {
        return false;
    }
}
