package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.rule.NetworkShape.LayerShape;
import org.lowrank4j.rule.PatternMatches.PatternMatch;

/**
 * The value that each key has for each target: an override for its layer, else the rule's. Of two overrides the one of
 * the source that comes first wins; within one source they must agree.
 */
final class TargetChoices {

    private final Rule rule;
    private final List<Matched> overrides = new ArrayList<>();

    /** An override and the layers that its patterns name. */
    private record Matched(Rule.Ranked ranked, Set<LayerShape> layers) {}

    /** A value and whether an override set it. */
    record Choice(Sourced value, boolean override) {}

    /**
     * @param warnings takes sentences about overrides without effect
     * @throws LowRankException if a pattern of an override names no layer
     */
    TargetChoices(Rule rule, NetworkShape network, LayerRoles roles, List<String> warnings) {
        this.rule = rule;
        for (Rule.Ranked ranked : rule.overrides()) {
            Sourced patterns = ranked.override().layers();
            Set<LayerShape> layers = new HashSet<>();
            for (PatternMatch match : PatternMatches.of("an override's layers", patterns, network, rule.networks())) {
                layers.addAll(match.layers());
            }
            boolean empty = ranked.override().values().isEmpty()
                    && ranked.override().options().isEmpty();
            if (empty || !layers.isEmpty() && layers.stream().noneMatch(roles::isTarget)) {
                warnings.add("The override for '" + patterns.text() + "' (" + patterns.source() + ") changes nothing: "
                        + (empty ? "it sets no key." : "none of its layers is a target."));
            }
            overrides.add(new Matched(ranked, layers));
        }
        overrides.sort(Comparator.comparingInt(matched -> matched.ranked.precedence()));
    }

    /**
     * The value of a key for a layer.
     *
     * @param layer null for the rule's own value
     * @return empty if no source sets it
     * @throws LowRankException if two overrides of one source set it differently
     */
    Optional<Choice> of(Key key, @Nullable LayerShape layer) {
        Optional<Sourced> overriding = layer == null
                ? Optional.empty()
                : overriding(
                        layer, key.spelling(), override -> override.values().get(key), key::canonical);
        return overriding
                .map(value -> new Choice(value, true))
                .or(() -> rule.value(key).map(value -> new Choice(value, false)));
    }

    /** The options that overrides set for a layer, keyed {@code method.option}; otherwise as {@link #of}. */
    Map<String, Sourced> options(LayerShape layer) {
        Set<String> names = new HashSet<>();
        overrides.stream()
                .filter(matched -> matched.layers.contains(layer))
                .forEach(matched ->
                        names.addAll(matched.ranked.override().options().keySet()));
        Map<String, Sourced> options = new LinkedHashMap<>();
        names.stream()
                .sorted()
                .forEach(name -> overriding(
                                layer, name, override -> override.options().get(name), Sourced::text)
                        .ifPresent(value -> options.put(name, value)));
        return options;
    }

    private Optional<Sourced> overriding(
            LayerShape layer,
            String name,
            Function<LayerOverride, @Nullable Sourced> value,
            Function<Sourced, String> canonical) {
        Optional<Sourced> first = Optional.empty();
        int precedence = 0;
        for (Matched matched : overrides) {
            Sourced candidate = matched.layers.contains(layer) ? value.apply(matched.ranked.override()) : null;
            if (candidate == null) {
                continue;
            }
            if (first.isEmpty()) {
                first = Optional.of(candidate);
                precedence = matched.ranked.precedence();
            } else if (matched.ranked.precedence() == precedence
                    && !canonical.apply(candidate).equals(canonical.apply(first.get()))) {
                throw new LowRankException("Two overrides set " + name + " of layer '" + layer.name() + "': to "
                        + first.get().text() + " (" + first.get().source() + ") and to " + candidate.text() + " ("
                        + candidate.source() + "). Make their patterns disjoint or their values equal.");
            }
        }
        return first;
    }
}
