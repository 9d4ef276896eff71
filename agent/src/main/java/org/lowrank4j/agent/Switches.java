package org.lowrank4j.agent;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the agent itself decides on before the plugin is there: whether to start, how loud and how strict to be. For each
 * switch the agent's argument counts first, then the system property {@code lowrank.KEY}, then the environment variable
 * {@code LOWRANK_KEY}.
 */
final class Switches {

    private static final String PROPERTY = "lowrank.";
    private static final String VARIABLE = "LOWRANK_";

    private final AgentOptions options;
    private final Properties properties;
    private final Map<String, String> environment;
    private final List<String> problems = new ArrayList<>();
    private final boolean enabled;
    private final boolean strict;
    private final boolean verbose;

    Switches(AgentOptions options, Properties properties, Map<String, String> environment) {
        this.options = options;
        this.properties = properties;
        this.environment = environment;
        this.enabled = flag("enabled", true) && !"off".equals(value("mode"));
        this.strict = flag("strict", false);
        this.verbose = flag("verbose", false);
        this.problems.addAll(0, options.problems());
        this.problems.addAll(options.repeated());
    }

    /** Those of this JVM; what a security manager keeps from the agent counts as not set. No lambda: it would take 30 ms. */
    static Switches ofThisJvm(AgentOptions options) {
        Properties properties = new Properties();
        Map<String, String> environment = Map.of();
        String denied = null;
        try {
            properties = System.getProperties();
            environment = System.getenv();
        } catch (SecurityException refused) {
            denied = "the security manager keeps system properties or environment variables from the agent ("
                    + refused.getMessage() + "): what they say of lowrank4j does not count";
        }
        Switches switches = new Switches(options, properties, environment);
        if (denied != null) {
            switches.problems.add(denied);
        }
        return switches;
    }

    /** False with {@code enabled=false} or {@code mode=off}: the agent then does nothing at all. */
    boolean enabled() {
        return enabled;
    }

    /** Whether a problem stops the job instead of letting it run as without the agent. */
    boolean strict() {
        return strict;
    }

    boolean verbose() {
        return verbose;
    }

    /** One sentence for each option that could not be read. */
    List<String> problems() {
        return problems;
    }

    /** One line per option with where it was set, without the values that a source of higher precedence overrides. */
    List<String> describe() {
        List<String> lines = new ArrayList<>();
        options.asMap().forEach((key, value) -> lines.add(key + "=" + value + " (agent argument)"));
        for (String name : new TreeMap<>(asMap(properties)).keySet()) {
            if (name.startsWith(PROPERTY) && options.get(name.substring(PROPERTY.length())) == null) {
                lines.add(name + "=" + properties.getProperty(name) + " (system property)");
            }
        }
        new TreeMap<>(environment).forEach((name, value) -> {
            if (name.startsWith(VARIABLE)) {
                lines.add(name + "=" + value + " (environment variable)");
            }
        });
        return lines;
    }

    private static Map<String, String> asMap(Properties properties) {
        Map<String, String> map = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> map.put(name, properties.getProperty(name)));
        return map;
    }

    private @Nullable String value(String key) {
        String value = options.get(key);
        if (value == null) {
            value = properties.getProperty(PROPERTY + key);
        }
        if (value == null) {
            value = environment.get(VARIABLE + key.toUpperCase(Locale.ROOT));
            // Shells have no other way to take a variable back for one command.
            value = value == null || value.isBlank() ? null : value;
        }
        return value == null ? null : value.strip().toLowerCase(Locale.ROOT);
    }

    /** A switch without a value, as in {@code -Dlowrank.verbose}, is on. */
    private boolean flag(String key, boolean otherwise) {
        String value = value(key);
        if (value == null) {
            return otherwise;
        }
        if (value.isEmpty() || value.equals("true")) {
            return true;
        }
        if (!value.equals("false")) {
            // Whether that stops anything is the plugin's to say, where a network trains.
            problems.add(key + " '" + AgentOptions.shown(value) + "' is refused: it must be true or false");
            return otherwise;
        }
        return false;
    }
}
