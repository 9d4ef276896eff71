package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;

/**
 * Sources of plain {@code key=value} pairs: agent arguments, system properties, the environment. Besides the keys of a
 * rule and the switches they take
 *
 * <ul>
 *   <li>{@code method.option=value}: an option of a method, as {@code galore.refresh=200};
 *   <li>{@code key@layers=value}: an override, as {@code rank@dense1=4} or {@code galore.refresh@dense.*=100};
 *   <li>{@code options} and {@code overrides}: several of these in one value, separated by semicolons.
 * </ul>
 */
final class FlatSource {

    /** How the source of a system property begins. */
    static final String PROPERTY = "system property ";

    /** What some users put between settings in the place of a comma, and the next setting. */
    private static final Pattern NEXT_SETTING = Pattern.compile("\\s*[;&\\s]\\s*(([\\w.-]+(?:@[^=;&\\s]+)?)\\s*=.*)");

    private static final String OPTIONS = "options";
    private static final String OVERRIDES = "overrides";
    private static final String PROPERTY_PREFIX = "lowrank.";
    private static final String ENVIRONMENT_PREFIX = "LOWRANK_";

    private final Settings settings;
    private final Switches switches;
    private final Unknown unknown;
    private final Refusals refusals;

    /** What becomes of a key that nobody knows. */
    private interface Unknown {
        void key(String key, Sourced value, List<String> known);
    }

    private FlatSource(String origin, Switches switches, Unknown unknown, Refusals refusals) {
        this.settings = new Settings(origin);
        this.switches = switches;
        this.unknown = unknown;
        this.refusals = refusals;
    }

    /** Reads agent arguments, which are for nobody else: an unknown one is refused. */
    static Settings agentArguments(Map<String, String> arguments, Switches switches, Refusals refusals) {
        FlatSource source = new FlatSource(
                "agent arguments",
                switches,
                (key, value, known) -> refusals.add(unknownKey(key, value, "refused", known)),
                refusals);
        arguments.forEach((key, value) -> source.put(key, new Sourced(value, "agent argument " + key)));
        return source.settings;
    }

    /** Reads the properties {@code lowrank.*}; an unknown one may be somebody else's, and is warned of. */
    static Settings systemProperties(
            Properties properties, Switches switches, List<String> warnings, Refusals refusals) {
        FlatSource source = new FlatSource("system properties", switches, ignoring(warnings), refusals);
        for (String name : properties.stringPropertyNames().stream().sorted().toList()) {
            if (name.startsWith(PROPERTY_PREFIX)) {
                String key = name.substring(PROPERTY_PREFIX.length());
                source.put(key, new Sourced(properties.getProperty(name), PROPERTY + name));
            }
        }
        return source.settings;
    }

    /**
     * Reads the variables {@code LOWRANK_*}. An empty variable counts as not set, as shells have it. A variable that
     * spells an option of a method is told from an unknown one in planning, so it does not make a rule by itself.
     */
    static Settings environment(
            Map<String, String> environment, Switches switches, List<String> warnings, Refusals refusals) {
        FlatSource source = new FlatSource("environment", switches, ignoring(warnings), refusals);
        new TreeMap<>(environment).forEach((name, value) -> {
            if (name.startsWith(ENVIRONMENT_PREFIX) && !value.isBlank()) {
                source.putVariable(
                        name.substring(ENVIRONMENT_PREFIX.length()), new Sourced(value, "environment " + name));
            }
        });
        return source.settings;
    }

    private static Unknown ignoring(List<String> warnings) {
        return (key, value, known) -> warnings.add(unknownKey(key, value, "ignored", known));
    }

    /** A key or an option as a variable spells it: upper case, with underscores for dots and hyphens. */
    static String variable(String name) {
        return name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    private void putVariable(String name, Sourced value) {
        Optional<String> key = plainKeys().stream()
                .filter(candidate -> variable(candidate).equals(name))
                .findFirst();
        if (key.isPresent()) {
            put(key.get(), value);
        } else if (name.contains("_")) {
            settings.putEnvironmentOption(name, value);
        } else {
            unknown.key(
                    name, value, plainKeys().stream().map(FlatSource::variable).toList());
        }
    }

    private void put(String key, Sourced value) {
        refusals.collect(() -> read(key, value));
    }

    private void read(String key, Sourced value) {
        if (isKey(key)) {
            refuseOtherSeparators(key, value);
        }
        if (Switches.NAMES.contains(key)) {
            switches.putIfAbsent(key, value);
        } else if (Key.of(key).isPresent()) {
            settings.put(Key.of(key).get(), value);
        } else if (key.equals(OPTIONS)) {
            for (String assignment : value.text().split(";", -1)) {
                settings.putOption(new Sourced(assignment.strip(), value.source()));
            }
        } else if (key.equals(OVERRIDES)) {
            for (String assignment : value.text().split(";", -1)) {
                putOverride(new Sourced(assignment.strip(), value.source()));
            }
        } else if (key.contains("@")) {
            putOverride(new Sourced(key + "=" + value.text(), value.source()));
        } else if (key.contains(".")) {
            settings.putOption(new Sourced(key + "=" + value.text(), value.source()));
        } else {
            unknown.key(key, value, plainKeys());
        }
    }

    /**
     * A value that goes on with the next setting, or ends with a comma that none follows, is no value: it is told so, and
     * not that it is no rank.
     */
    private static void refuseOtherSeparators(String key, Sourced value) {
        String text = value.text().strip();
        if (text.endsWith(",")) {
            throw new LowRankException("'" + Excerpt.of(key + "=" + text) + "' (" + value.source()
                    + ") is refused: the argument after the last comma is empty.");
        }
        Matcher next = NEXT_SETTING.matcher(text);
        boolean several = key.equals(OPTIONS) || key.equals(OVERRIDES) || key.equals(Switches.CONFIG);
        if (!several && next.find() && isKey(next.group(2))) {
            throw new LowRankException("'" + Excerpt.of(key + "=" + text) + "' (" + value.source()
                    + ") is refused: it holds several settings. Agent arguments are separated by commas, "
                    + Excerpt.of(key + "=" + text.substring(0, next.start()) + "," + next.group(1))
                    + "; properties and variables are set one by one.");
        }
    }

    /** Whether a text is a key of some source, perhaps for single layers. */
    private static boolean isKey(String text) {
        return text.contains(".") || text.contains("@") || plainKeys().contains(text);
    }

    private void putOverride(Sourced assignment) {
        int at = assignment.text().indexOf('@');
        int equals = assignment.text().indexOf('=', at + 1);
        if (at < 1 || equals < at + 2) {
            throw new LowRankException("override '" + assignment.text() + "' (" + assignment.source()
                    + ") is refused: an override is written key@layers=value, for example rank@dense1=4.");
        }
        String key = assignment.text().substring(0, at).strip();
        Sourced layers = new Sourced(assignment.text().substring(at + 1, equals).strip(), assignment.source());
        Sourced value = new Sourced(assignment.text().substring(equals + 1).strip(), assignment.source());
        settings.add(override(key, layers, value));
    }

    private static LayerOverride override(String key, Sourced layers, Sourced value) {
        Optional<Key> known = Key.of(key).filter(Key::perLayer);
        if (known.isPresent()) {
            Map<Key, Sourced> values = new EnumMap<>(Key.class);
            values.put(known.get(), value);
            return new LayerOverride(layers, values, Map.of());
        }
        if (key.contains(".")) {
            Map<String, Sourced> options = new LinkedHashMap<>();
            options.put(key, value);
            return new LayerOverride(layers, Map.of(), options);
        }
        List<String> allowed = Key.spellings(true);
        throw new LowRankException("key '" + key + "' (" + value.source() + ") cannot be set for single layers; "
                + String.join(", ", allowed) + " and options of methods can."
                + NearestName.suggestion(key, allowed));
    }

    private static List<String> plainKeys() {
        List<String> keys = new ArrayList<>(Key.spellings(false));
        keys.addAll(Switches.NAMES);
        keys.add(OPTIONS);
        keys.add(OVERRIDES);
        return keys.stream().distinct().toList();
    }

    private static String unknownKey(String key, Sourced value, String fate, List<String> known) {
        return "unknown key '" + key + "' (" + value.source() + ") is " + fate + "."
                + NearestName.suggestion(key, known) + " Known: " + String.join(", ", known) + ".";
    }
}
