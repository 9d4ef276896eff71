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
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.rule.PatternMatches.PatternMatch;

/**
 * The value that each key has for each target: an override for it or its layer, else the rule's. Of two overrides the one of
 * the source that comes first wins; within one source one for the matrix wins over one for its layer, and others must agree.
 */
final class TargetChoices {

    private final Rule rule;
    private final List<Matched> overrides = new ArrayList<>();

    /**
     * An override and the matrices that its patterns name.
     *
     * @param single those that a pattern names alone, and not with their layer
     */
    private record Matched(Rule.Ranked ranked, Set<MatrixShape> matrices, Set<MatrixShape> single) {

        /** Of one source, what is said of a matrix wins over what is said of its layer. */
        private boolean winsOver(Matched other, MatrixShape target) {
            return ranked.precedence() < other.ranked.precedence()
                    || single.contains(target) && !other.single.contains(target);
        }
    }

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
            Set<MatrixShape> matrices = new HashSet<>();
            Set<MatrixShape> single = new HashSet<>();
            boolean matched = false;
            for (PatternMatch match : PatternMatches.of("an override's layers", patterns, network, rule)) {
                matrices.addAll(match.matrices());
                if (!match.whole()) {
                    single.addAll(match.matrices());
                }
                matched = true;
            }
            boolean empty = ranked.override().values().isEmpty()
                    && ranked.override().options().isEmpty();
            if (empty || matched && matrices.stream().noneMatch(roles::isTarget)) {
                warnings.add("The override for '" + patterns.text() + "' (" + patterns.source() + ") changes nothing: "
                        + (empty ? "it sets no key." : "none of its layers is a target."));
            }
            overrides.add(new Matched(ranked, matrices, single));
        }
        overrides.sort(Comparator.comparingInt(matched -> matched.ranked.precedence()));
    }

    /**
     * The value of a key for a target.
     *
     * @param target null for the rule's own value
     * @return empty if no source sets it
     * @throws LowRankException if two overrides of one source set it differently
     */
    Optional<Choice> of(Key key, @Nullable MatrixShape target) {
        Optional<Sourced> overriding = target == null
                ? Optional.empty()
                : overriding(
                        target, key.spelling(), override -> override.values().get(key), key::canonical);
        return overriding
                .map(value -> new Choice(value, true))
                .or(() -> rule.value(key).map(value -> new Choice(value, false)));
    }

    /** The options that overrides set for a target, keyed {@code method.option}; otherwise as {@link #of}. */
    Map<String, Sourced> options(MatrixShape target) {
        Set<String> names = new HashSet<>();
        overrides.stream()
                .filter(matched -> matched.matrices.contains(target))
                .forEach(matched ->
                        names.addAll(matched.ranked.override().options().keySet()));
        Map<String, Sourced> options = new LinkedHashMap<>();
        names.stream()
                .sorted()
                .forEach(name -> overriding(
                                target, name, override -> override.options().get(name), Sourced::text)
                        .ifPresent(value -> options.put(name, value)));
        return options;
    }

    private Optional<Sourced> overriding(
            MatrixShape target,
            String name,
            Function<LayerOverride, @Nullable Sourced> value,
            Function<Sourced, String> canonical) {
        Matched first = null;
        Sourced chosen = null;
        for (Matched matched : overrides) {
            Sourced candidate = matched.matrices.contains(target) ? value.apply(matched.ranked.override()) : null;
            if (candidate == null || first != null && first.winsOver(matched, target)) {
                continue;
            }
            if (first == null || chosen == null || matched.winsOver(first, target)) {
                first = matched;
                chosen = candidate;
            } else if (!canonical.apply(candidate).equals(canonical.apply(chosen))) {
                throw new LowRankException("Two overrides set " + name + " of layer '" + target.key() + "': to "
                        + chosen.text() + " (" + chosen.source() + ") and to " + candidate.text() + " ("
                        + candidate.source() + "). Make their patterns disjoint or their values equal.");
            }
        }
        return Optional.ofNullable(chosen);
    }
}
