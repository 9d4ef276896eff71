package org.lowrank4j.rule;

import java.util.Map;

/**
 * Settings for some of the targets.
 *
 * @param layers patterns of the targets
 * @param values what it sets, only keys with {@link Key#perLayer()}
 * @param options options of methods, keyed {@code method.option}
 */
record LayerOverride(Sourced layers, Map<Key, Sourced> values, Map<String, Sourced> options) {

    LayerOverride {
        values = Map.copyOf(values);
        options = Map.copyOf(options);
    }

    /** Refuses values that are not allowed. */
    void check() {
        Key.LAYERS.canonical(layers);
        values.forEach(Key::canonical);
    }
}
