package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.network.NetworkShape;

/**
 * All rules of this JVM. For each key the first source that sets it wins: agent arguments, system properties ({@code
 * lowrank.*}), environment ({@code LOWRANK_*}), rule file, annotation on the field, on the method, on the class, default.
 *
 * <p>A network has a rule if a source that applies to it sets a key of a rule, or if it is annotated. Agent arguments,
 * system properties, the environment and a file without {@code networks:} apply to every network.
 */
public final class RuleBook {

    /** A program that makes networks of ever new shapes is none whose rule names layers of one of them. */
    private static final int MOST_SHAPES = 64;

    private final Map<String, Set<NetworkShape>> networksByRule = new ConcurrentHashMap<>();
    private final Set<String> annotationsMet = ConcurrentHashMap.newKeySet();
    private final List<Settings> global;
    private final RuleFile file;
    private final Switches switches;
    private final List<String> warnings;
    private final Refusals refusals;

    private RuleBook(
            List<Settings> global, RuleFile file, Switches switches, List<String> warnings, Refusals refusals) {
        this.global = List.copyOf(global);
        this.file = file;
        this.switches = switches;
        this.warnings = List.copyOf(warnings);
        this.refusals = refusals;
    }

    /**
     * Reads all sources but annotations, and checks every value in them except names of methods and layers, which only
     * planning can check.
     *
     * @param agentArguments key to value; lists are separated by colons or commas
     * @param systemProperties of which {@code lowrank.*} are read
     * @param environment of which {@code LOWRANK_*} are read
     * @throws LowRankException if a key of the arguments is unknown, a value is not allowed, the file cannot be read, or
     *     with {@code strict=true} there is anything to warn of
     */
    public static RuleBook read(
            Map<String, String> agentArguments, Properties systemProperties, Map<String, String> environment) {
        RuleBook book = readForTraining(agentArguments, List.of(), List.of(), systemProperties, environment);
        book.refusals.throwFirst();
        return book;
    }

    /**
     * The same for a JVM that may never train a network: what {@link #read} refuses, the rule of each network refuses when
     * it is planned.
     *
     * @param unreadable sentences about agent arguments that could not be read at all
     * @param repeated sentences about agent arguments that are given twice to no harm
     */
    public static RuleBook readForTraining(
            Map<String, String> agentArguments,
            List<String> unreadable,
            List<String> repeated,
            Properties systemProperties,
            Map<String, String> environment) {
        Switches switches = new Switches();
        List<String> warnings = new ArrayList<>(repeated);
        Refusals refusals = new Refusals();
        unreadable.forEach(refusals::add);
        List<Settings> global = List.of(
                FlatSource.agentArguments(agentArguments, switches, refusals),
                FlatSource.systemProperties(systemProperties, switches, warnings, refusals),
                FlatSource.environment(environment, switches, warnings, refusals));
        global.forEach(settings -> refusals.collect(settings::check));
        RuleFile[] file = {RuleFile.none()};
        switches.config().ifPresent(path -> refusals.collect(() -> file[0] = RuleFile.read(path, switches, warnings)));
        if (switches.isOn(Switches.STRICT, false) && !warnings.isEmpty()) {
            refusals.add("strict=true stops on what would be a warning: " + String.join(" ", warnings));
        }
        return new RuleBook(global, file[0], switches, warnings, refusals);
    }

    /** Sentences about what is ignored, for the caller to print. */
    public List<String> warnings() {
        return warnings;
    }

    /** Whether what would be a warning or a fallback to stock training must be an error: {@code strict=true}. */
    public boolean strict() {
        return switches.isOn(Switches.STRICT, false);
    }

    /** The entries of the rule file that matched no network so far: where they are, and what they are for. */
    public List<String> unmatchedEntries() {
        return file.unmatched();
    }

    /**
     * Whether a network came to an annotation so far.
     *
     * @param place for example {@code class a.b.C}, {@code method a.b.C.train} or {@code field a.b.C.network}
     */
    public boolean hasMet(String place) {
        return annotationsMet.contains(AnnotationReader.source(place));
    }

    /** Options of methods that are set for all networks, and where, if nothing that is for all networks asks for a rule. */
    public List<String> optionsAlone() {
        List<String> alone = new ArrayList<>();
        for (Settings settings : global) {
            if (settings.asks()) {
                return List.of();
            }
            settings.options()
                    .forEach((name, value) -> alone.add(name + "=" + value.text() + " (" + value.source() + ")"));
        }
        return alone;
    }

    /** Whether any annotation or entry of the rule file, whatever it says, was for a network so far. */
    public boolean anyMatched() {
        return !annotationsMet.isEmpty() || file.anyMatched();
    }

    /** Whether plans are only printed and training is left as stock: {@code mode=report}. */
    public boolean reportOnly() {
        return switches.isMode("report");
    }

    /** The engine of convolutions that is asked for; null to take what there is. */
    public @Nullable String convolution() {
        return switches.convolution().map(value -> value.text().strip()).orElse(null);
    }

    /** Where it is asked for, as messages name it. */
    public String convolutionSource() {
        return switches.convolution().map(Sourced::source).orElse("");
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
        creation.annotations().forEach(settings -> annotationsMet.add(settings.origin()));
        boolean takenOut = creation.annotations().stream()
                .anyMatch(settings -> settings.values().containsKey(Key.ENABLED)
                        && settings.values().get(Key.ENABLED).text().equals("false"));
        if (!takenOut && refusals.any()) {
            return Optional.of(Rule.refusing(refusals.first()));
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
        Rule rule = new Rule(all, strict(), creation.notes());
        Collection<NetworkShape> networks =
                networksByRule.computeIfAbsent(rule.source(), source -> ConcurrentHashMap.newKeySet());
        if (networks.size() < MOST_SHAPES) {
            networks.add(creation.shape());
        }
        return Optional.of(rule.among(networks));
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
