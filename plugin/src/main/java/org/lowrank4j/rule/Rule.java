package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.registry.Methods;

/** What the user wants for one network: all sources merged key by key, each value with the source that it came from. */
public final class Rule {

    /** The id of a network that no source names. */
    public static final String DEFAULT_ID = "default";

    /** An option as refusals spell it: {@code method.option=value}. */
    private static final Pattern OPTION = Pattern.compile("([a-z0-9-]+\\.[a-z0-9-]+)=");

    private final Map<Key, Sourced> values = new EnumMap<>(Key.class);
    private final List<Ranked> overrides = new ArrayList<>();
    private final List<Settings> sources;
    private final boolean strict;
    private final List<String> notes;
    private final String source;
    private final @Nullable LowRankException refusal;
    private Collection<NetworkShape> networks = List.of();
    private boolean checked;

    /**
     * An override and how much its source counts.
     *
     * @param precedence 0 for the source that comes first
     */
    record Ranked(int precedence, LayerOverride override) {}

    /**
     * @param sources from the one that comes first to the one that comes last
     * @param strict whether planning refuses what it would otherwise warn of
     * @param notes sentences for the plan's warnings
     */
    Rule(List<Settings> sources, boolean strict, List<String> notes) {
        List<String> described = new ArrayList<>();
        Set<String> options = new HashSet<>();
        for (int precedence = 0; precedence < sources.size(); precedence++) {
            described.add(merge(sources.get(precedence), precedence, options));
        }
        this.sources = List.copyOf(sources);
        this.strict = strict;
        this.notes = List.copyOf(notes);
        this.source = String.join("; ", described);
        this.refusal = null;
    }

    private Rule(LowRankException refusal) {
        this.sources = List.of();
        this.strict = false;
        this.notes = List.of();
        this.source = "settings that are refused";
        this.refusal = refusal;
    }

    /** In the place of a rule that cannot be read: planning refuses it. */
    public static Rule refusing(LowRankException refusal) {
        return new Rule(refusal);
    }

    /** Takes what no earlier source has set, and describes it. */
    private String merge(Settings settings, int precedence, Set<String> earlierOptions) {
        List<String> taken = new ArrayList<>();
        settings.values().forEach((key, value) -> {
            if (values.putIfAbsent(key, value) == null && key != Key.ENABLED) {
                taken.add(key.spelling());
            }
        });
        settings.options().keySet().stream().filter(earlierOptions::add).forEach(taken::add);
        if (!settings.overrides().isEmpty()) {
            settings.overrides().forEach(override -> overrides.add(new Ranked(precedence, override)));
            taken.add("overrides");
        }
        if (taken.isEmpty()) {
            return settings.origin() + (settings.isEmpty() ? "" : " (overridden)");
        }
        return settings.origin() + " (" + String.join(", ", taken) + ")";
    }

    /** The network's name in files and messages: at most 100 letters, digits, dots, hyphens and underscores. */
    public String id() {
        return text(Key.ID).orElse(DEFAULT_ID);
    }

    /** The seed of the adapters; absent if no source sets it, and then the network's own seed serves. */
    public OptionalLong seed() {
        return text(Key.SEED).stream().mapToLong(Long::parseLong).findFirst();
    }

    /** LoRA+: learning rate of B over that of A, from 1 (off, the default) on. */
    public double loraPlusRatio() {
        return text(Key.LORAPLUS).map(Double::parseDouble).orElse(1.0);
    }

    /** Which biases train; none by default. */
    public BiasTraining bias() {
        return text(Key.BIAS).map(BiasTraining::valueOf).orElse(BiasTraining.NONE);
    }

    /** Name of the loss that output layers train with; {@link Methods#STOCK}, their own, by default. */
    public String loss() {
        return text(Key.LOSS).orElse(Methods.STOCK);
    }

    /** Name of the updater of what trains; {@link Methods#STOCK}, the network's own, by default. */
    public String updater() {
        return text(Key.UPDATER).orElse(Methods.STOCK);
    }

    /** The learning rate of what trains; empty for that of the network's updaters, as by default. */
    public OptionalDouble rate() {
        return text(Key.RATE).map(Double::valueOf).map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    /** Name of the average of what trains; {@link Methods#NONE} by default. */
    public String average() {
        return text(Key.AVERAGE).orElse(Methods.NONE);
    }

    /** What is written for a method of the whole network. */
    public OptionValues options(Method method) {
        return new OptionValues(method, texts(options(new TreeSet<>(Methods.optionNames(method)), new ArrayList<>())));
    }

    /** What replicas of the network exchange where the network is trained by many workers; empty leaves it to the mode. */
    public Optional<String> exchange() {
        return text(Key.EXCHANGE);
    }

    /** How the network's weights are drawn where it draws them itself; as it is configured, by default. */
    public NewWeights weights() {
        return text(Key.WEIGHTS).map(NewWeights::valueOf).orElse(NewWeights.STOCK);
    }

    /** The key of {@link #weights} with its value and where it was written. */
    public String weightsAsWritten() {
        return value(Key.WEIGHTS)
                .map(written -> "weights=" + written.text().strip() + " (" + written.source() + ")")
                .orElse("weights=stock");
    }

    /** One line that names every source and the keys that came from it. */
    public String source() {
        return source;
    }

    /**
     * What this rule means for a network.
     *
     * @throws LowRankException if the rule cannot be met in every part: a pattern matches no layer, a layer cannot be a
     *     target, a rank is too large, a method or an option is unknown, two settings contradict each other
     */
    public Plan plan(NetworkShape shape, Methods methods) {
        LowRankException refused = refusal();
        if (refused != null) {
            throw refused;
        }
        return new Planner(this, shape, methods).plan();
    }

    /** Why nothing can be trained under this rule, to be thrown; null if that depends on the network. */
    public @Nullable LowRankException refusal() {
        return refusal == null ? null : new LowRankException(String.valueOf(refusal.getMessage()), refusal.getCause());
    }

    /** Whether another rule wants the same, wherever its values were written. */
    public boolean sameSettings(Rule other) {
        return comparable().equals(other.comparable());
    }

    private List<Object> comparable() {
        if (refusal != null) {
            return List.of(refusal);
        }
        Map<Key, String> plain = new EnumMap<>(Key.class);
        values.forEach((key, value) -> plain.put(key, key.canonical(value)));
        plain.remove(Key.ENABLED);
        List<Object> plainOverrides = overrides.stream()
                .map(ranked -> List.<Object>of(
                        Key.LAYERS.canonical(ranked.override.layers()),
                        ranked.override.values().entrySet().stream()
                                .collect(Collectors.toMap(
                                        Map.Entry::getKey, each -> each.getKey().canonical(each.getValue()))),
                        texts(ranked.override.options())))
                .collect(Collectors.toList());
        Map<String, Sourced> options = new TreeMap<>();
        sources.forEach(settings -> settings.options().forEach(options::putIfAbsent));
        return List.of(plain, texts(options), plainOverrides);
    }

    static Map<String, String> texts(Map<String, Sourced> options) {
        Map<String, String> texts = new TreeMap<>();
        options.forEach((name, value) -> texts.put(name, value.text()));
        return texts;
    }

    /** The value of a key as written, with its source. */
    Optional<Sourced> value(Key key) {
        return Optional.ofNullable(values.get(key));
    }

    /**
     * The options of methods, keyed {@code method.option}.
     *
     * @param known the options that methods declare, against which variables of the environment are spelled out
     * @param unknownVariables takes the variables that spell none of them
     */
    Map<String, Sourced> options(Set<String> known, List<Sourced> unknownVariables) {
        Map<String, Sourced> merged = new LinkedHashMap<>();
        for (Settings settings : sources) {
            settings.options().forEach(merged::putIfAbsent);
            settings.environmentOptions()
                    .forEach((variable, value) -> known.stream()
                            .filter(name -> FlatSource.variable(name).equals(variable))
                            .findFirst()
                            .ifPresentOrElse(
                                    name -> merged.putIfAbsent(name, value), () -> unknownVariables.add(value)));
        }
        return merged;
    }

    /**
     * A refusal by a method, with where the options that its message names were written. A method sees the values of its
     * options, and not where they came from.
     */
    public LowRankException withSources(LowRankException refusal) {
        String message = String.valueOf(refusal.getMessage());
        Set<String> written = new LinkedHashSet<>();
        Matcher names = OPTION.matcher(message);
        while (names.find()) {
            for (Sourced value : written(names.group(1))) {
                String origin = names.group(1) + "=" + value.text().strip() + " is set by " + value.source() + ".";
                if (!message.contains(origin)) {
                    written.add(origin);
                }
            }
        }
        return written.isEmpty() ? refusal : new LowRankException(message + " " + String.join(" ", written), refusal);
    }

    /** Every value of one option, by all overrides and by the source that counts for the other layers. */
    private List<Sourced> written(String option) {
        List<Sourced> values = new ArrayList<>();
        for (Ranked ranked : overrides) {
            Sourced value = ranked.override().options().get(option);
            if (value != null) {
                values.add(value);
            }
        }
        Sourced value = options(Set.of(option), new ArrayList<>()).get(option);
        if (value != null) {
            values.add(value);
        }
        return values;
    }

    /** Says which networks this rule applies to: a live collection, to which more may come. */
    Rule among(Collection<NetworkShape> all) {
        networks = all;
        return this;
    }

    /** The networks that this rule applies to, so that what is said of one is not taken for a slip at another. */
    Collection<NetworkShape> networks() {
        return networks;
    }

    /** Says that what it names was found in the network that it is for: what is not there is another network's. */
    Rule checked() {
        checked = true;
        return this;
    }

    boolean isChecked() {
        return checked;
    }

    /** What it was merged from, from the source that comes first to the one that comes last. */
    List<Settings> sources() {
        return sources;
    }

    /** Whether it says which layers it is for. */
    public boolean namesLayers() {
        return value(Key.LAYERS).isPresent();
    }

    List<Ranked> overrides() {
        return Collections.unmodifiableList(overrides);
    }

    boolean strict() {
        return strict;
    }

    List<String> notes() {
        return notes;
    }

    private Optional<String> text(Key key) {
        return value(key).map(key::canonical);
    }

    @Override
    public String toString() {
        return "rule of " + source;
    }
}
