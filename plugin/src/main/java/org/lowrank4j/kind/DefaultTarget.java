package org.lowrank4j.kind;

/** What a rule that names no layers makes of a layer that is no output. */
public enum DefaultTarget {
    /** It is adapted only if a rule names it. */
    NEVER,
    /** It is adapted once something has trained it; as long as it is as it was drawn, it trains in full. */
    ONCE_TRAINED,
    /** It is adapted even where nothing of the network has been trained. */
    ALWAYS
}
