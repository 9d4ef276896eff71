package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.lowrank4j.LowRankException;

/**
 * All rules of this JVM. For each key the first source that sets it wins: agent arguments, system properties ({@code
 * lowrank.*}), environment ({@code LOWRANK_*}), rule file, annotation on the field, on the method, on the class, default.
 *
 * <p>A network has a rule if a source that applies to it sets a key of a rule, or if it is annotated. Agent arguments,
 * system properties, the environment and a file without {@code networks:} apply to every network.
 */
public final class RuleBook {

    private final List<Settings> global;
    private final RuleFile file;
    private final Switches switches;
    private final List<String> warnings;

    private RuleBook(List<Settings> global, RuleFile file, Switches switches, List<String> warnings) {
        this.global = List.copyOf(global);
        this.file = file;
        this.switches = switches;
        this.warnings = List.copyOf(warnings);
    }

    /**
     * Reads all sources but annotations, and checks every value in them except names of methods and layers, which only
     * planning can check.
     *
     * @param agentArguments key to value; lists are separated by colons or commas
     * @param systemProperties of which {@code lowrank.*} are read
     * @param environment of which {@code LOWRANK_*} are read
     * @throws LowRankException if a value is not allowed, the file cannot be read, or with {@code strict=true} a key is
     *     unknown
     */
    public static RuleBook read(
            Map<String, String> agentArguments, Properties systemProperties, Map<String, String> environment) {
        Switches switches = new Switches();
        List<String> unknown = new ArrayList<>();
        List<Settings> global = List.of(
                FlatSource.agentArguments(agentArguments, switches, unknown),
                FlatSource.systemProperties(systemProperties, switches, unknown),
                FlatSource.environment(environment, switches, unknown));
        global.forEach(Settings::check);
        RuleFile file =
                switches.config().map(path -> RuleFile.read(path, switches)).orElseGet(RuleFile::none);
        if (switches.isOn(Switches.STRICT, false) && !unknown.isEmpty()) {
            throw new LowRankException("strict=true refuses unknown keys: " + String.join(" ", unknown));
        }
        return new RuleBook(global, file, switches, unknown);
    }

    /** Sentences about unknown keys, for the caller to print. */
    public List<String> warnings() {
        return warnings;
    }

    /** Whether what would be a warning or a fallback to stock training must be an error: {@code strict=true}. */
    public boolean strict() {
        return switches.isOn(Switches.STRICT, false);
    }

    /** Whether to tell more than the report: {@code verbose=true}. */
    public boolean verbose() {
        return switches.isOn(Switches.VERBOSE, false);
    }

    /** Whether plans are only printed and training is left as stock: {@code mode=report}. */
    public boolean reportOnly() {
        return switches.isMode("report");
    }

    /** Whether there is no rule for anything: {@code enabled=false} or {@code mode=off}. */
    public boolean off() {
        return switches.isMode("off") || !switches.isOn(Switches.ENABLED, true);
    }

    /**
     * The rule for a network.
     *
     * @return empty if no source asks for one, or one says {@code enabled=false} for this network
     * @throws LowRankException if an annotation has a value that is not allowed, or two entries of the file tie
     */
    public Optional<Rule> ruleFor(Creation creation) {
        if (off()) {
            return Optional.empty();
        }
        creation.annotations().forEach(Settings::check);
        Optional<String> id = first(creation.annotations().stream(), Key.ID).map(value -> Key.ID.canonical(value));
        Optional<Settings> matched = file.matching(creation, id);
        List<Settings> local =
                Stream.concat(matched.stream(), creation.annotations().stream()).toList();
        boolean asked = !local.isEmpty() || global.stream().anyMatch(Settings::asks);
        boolean refused = first(local.stream(), Key.ENABLED)
                .map(value -> Key.ENABLED.canonical(value).equals("false"))
                .orElse(false);
        if (!asked || refused) {
            return Optional.empty();
        }
        Stream<Settings> speaking = global.stream()
                .filter(settings ->
                        !settings.isEmpty() || !settings.environmentOptions().isEmpty());
        List<Settings> all = Stream.concat(speaking, local.stream()).toList();
        return Optional.of(new Rule(all, strict(), creation.notes()));
    }

    /**
     * The rule for a network that a field keeps, from the annotations of the field and of the class around it and from
     * all other sources. Where the creation of the network is known, {@link Creation#keptIn} tells more.
     *
     * @throws IllegalArgumentException if the class declares no such field
     */
    public Optional<Rule> ruleForField(Class<?> owner, String fieldName, NetworkShape shape, int nth) {
        return ruleFor(Creation.ofField(owner, fieldName, shape, nth));
    }

    private static Optional<Sourced> first(Stream<Settings> sources, Key key) {
        return sources.map(settings -> settings.values().get(key))
                .filter(Objects::nonNull)
                .findFirst();
    }
}
