package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.LowRankException;

/** All that one source says about a network, unmerged: an annotation, an entry of a file, the agent's arguments. */
final class Settings {

    private final String origin;
    private final Map<Key, Sourced> values = new EnumMap<>(Key.class);
    private final Map<String, Sourced> options = new LinkedHashMap<>();
    private final Map<String, Sourced> environmentOptions = new LinkedHashMap<>();
    private final List<LayerOverride> overrides = new ArrayList<>();

    /** @param origin the source as the report names it, for example {@code annotation on class a.b.C} */
    Settings(String origin) {
        this.origin = origin;
    }

    String origin() {
        return origin;
    }

    Map<Key, Sourced> values() {
        return Collections.unmodifiableMap(values);
    }

    /** Options of methods, keyed {@code method.option}. */
    Map<String, Sourced> options() {
        return Collections.unmodifiableMap(options);
    }

    /** Options whose names only the known methods can tell, keyed as in the environment: {@code GALORE_REFRESH}. */
    Map<String, Sourced> environmentOptions() {
        return Collections.unmodifiableMap(environmentOptions);
    }

    List<LayerOverride> overrides() {
        return Collections.unmodifiableList(overrides);
    }

    /** Whether it says nothing that calls for a rule. */
    boolean isEmpty() {
        return values.isEmpty() && options.isEmpty() && overrides.isEmpty();
    }

    /** Whether this source asks for low-rank training: options alone only say how a method would work. */
    boolean asks() {
        return !values.isEmpty() || !overrides.isEmpty();
    }

    void put(Key key, Sourced value) {
        values.put(key, value);
    }

    void putEnvironmentOption(String name, Sourced value) {
        environmentOptions.put(name, value);
    }

    void add(LayerOverride override) {
        overrides.add(override);
    }

    /** Adds one option, which one source may not set twice to different values. */
    void putOption(String name, Sourced value) {
        putOption(options, name, value);
    }

    static void putOption(Map<String, Sourced> options, String name, Sourced value) {
        Sourced earlier = options.putIfAbsent(name, value);
        if (earlier != null && !earlier.text().equals(value.text())) {
            throw new LowRankException("option " + name + " is set twice: to " + earlier.text() + " ("
                    + earlier.source() + ") and to " + value.text() + " (" + value.source() + "). Keep one.");
        }
    }

    /** Reads {@code method.option=value} into the options. */
    static void putOption(Map<String, Sourced> options, Sourced assignment) {
        int equals = assignment.text().indexOf('=');
        int dot = assignment.text().indexOf('.');
        if (dot < 1 || equals < dot + 2) {
            throw new LowRankException("option '" + assignment.text() + "' (" + assignment.source()
                    + ") is refused: an option is written method.option=value, for example galore.refresh=200.");
        }
        String name = assignment.text().substring(0, equals).strip();
        String value = assignment.text().substring(equals + 1).strip();
        putOption(options, name, new Sourced(value, assignment.source()));
    }

    /** Reads {@code method.option=value}. */
    void putOption(Sourced assignment) {
        putOption(options, assignment);
    }

    /**
     * Refuses values that are not allowed, also those that another source overrides.
     *
     * @throws LowRankException with the value, its source and what is allowed
     */
    void check() {
        values.forEach(Key::canonical);
        overrides.forEach(LayerOverride::check);
    }
}
