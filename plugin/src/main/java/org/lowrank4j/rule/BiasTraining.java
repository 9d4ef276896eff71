package org.lowrank4j.rule;

/** Which vectors (biases, gains of layer normalisation) train besides the layers that train in full. */
public enum BiasTraining {
    /** None: those of adapted and frozen layers stay as they are. */
    NONE,
    /** Those of every layer that the program itself did not freeze. */
    ALL,
    /** Those of the adapted layers. */
    LORA_ONLY
}
