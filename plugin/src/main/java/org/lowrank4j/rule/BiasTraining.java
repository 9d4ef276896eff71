package org.lowrank4j.rule;

/** Which biases (parameter {@code b}) train besides the layers that train in full. */
public enum BiasTraining {
    /** None: biases of adapted and frozen layers stay as they are. */
    NONE,
    /** Those of every dense and output layer that the program itself did not freeze. */
    ALL,
    /** Those of the adapted layers. */
    LORA_ONLY
}
