package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.rule.RuleBook;

/**
 * Rules that are for no network: a slip in {@code when:}, an annotation on code that makes no network, a field that nobody
 * is seen to store to. Nothing else would ever mention them, and the network that they were meant for trains as stock.
 */
final class UnmatchedRules {

    /** More annotations than this are counted. */
    private static final int MOST_NAMED = 5;

    private final RuleBook rules;
    private final Supplier<Map<String, String>> annotated;
    private final Set<String> fieldsSaid = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean idleSaid = new AtomicBoolean();
    private volatile boolean trained;
    private volatile boolean trainedWithout;

    /**
     * @param annotated what the classes that were loaded so far annotate, as {@link RuleBook#hasMet} names it; with the
     *     descriptor of its type for a field to which no class stores that is seen, else with ""
     */
    UnmatchedRules(RuleBook rules, Supplier<Map<String, String>> annotated) {
        this.rules = rules;
        this.annotated = annotated;
    }

    /** A network with a rule trains. */
    void trains() {
        trained = true;
    }

    /**
     * A network without a rule is about to train.
     *
     * @throws LowRankException with {@code strict=true} if it may be one that a rule was meant for: a field of its type is
     *     not seen to get one, or no rule has matched any network so far. Once one has, a network without a rule may be
     *     meant to have none.
     */
    void trainsWithout(NetworkParts network) {
        trained = true;
        trainedWithout = true;
        boolean stops = rules.strict() && !rules.reportOnly();
        List<String> fields = unseenFields(network.kind());
        if (!fields.isEmpty()) {
            String sentence = "no rule applies to the " + network.kind() + " that trains now, and no network was"
                    + " seen in " + String.join(", ", fields)
                    + ": of a field with @LowRank only what its class, or a class"
                    + " nested with it and loaded later, stores is seen, not what other classes or reflection do. If it is"
                    + " meant for this network, store it in a method of the class that declares the field, or annotate the"
                    + " class or method that makes the network, or write a rule file.";
            if (stops) {
                throw refused("strict=true stops on what would be a warning: " + sentence);
            }
            if (fieldsSaid.addAll(fields)) {
                Console.warn(sentence);
            }
        }
        String idle = fields.isEmpty() && !rules.anyMatched() ? idle() : null;
        if (idle != null) {
            if (stops) {
                throw refused("strict=true stops on what would be a warning: " + idle);
            }
            if (idleSaid.compareAndSet(false, true)) {
                Console.warn(idle);
            }
        }
        if (stops && !rules.anyMatched()) {
            List<String> unmatched = new ArrayList<>(rules.unmatchedEntries());
            unmatched.addAll(unmetAnnotations());
            if (!unmatched.isEmpty()) {
                throw refused("strict=true: the " + network.kind()
                        + " that trains now would train as stock, because"
                        + " no rule has matched any network yet: " + some(unmatched) + ". If this one is meant to have"
                        + " none, say so: enabled: false in an entry of the rule file, or @LowRank(enabled = false) on the"
                        + " code that makes it.");
            }
        }
    }

    /** What is written for all networks and does nothing as long as no rule applies; null for nothing. */
    private @Nullable String idle() {
        List<String> options = rules.optionsAlone();
        if (!options.isEmpty()) {
            return "no rule applies to the network that trains now, and it trains as stock: " + some(options)
                    + " only says how a method works where a rule chooses it. Add rank=8, for example, with init, gradient or"
                    + " update for that method.";
        }
        if (!rules.unmatchedEntries().isEmpty()) {
            return null;
        }
        if (rules.reportOnly()) {
            return "no rule applies to the network that trains now, so mode=report has nothing to report of it. Give a rule:"
                    + " rank=8, for example, or config=FILE, or an annotation.";
        }
        return rules.convolution() == null || !unmetAnnotations().isEmpty()
                ? null
                : "no rule applies to the network that trains now, and it trains as stock: convolution="
                        + rules.convolution() + " (" + rules.convolutionSource()
                        + ") only says what computes convolutions where a rule applies. Add rank=8, for example, or"
                        + " config=FILE, or an annotation.";
    }

    /** Said when the JVM ends. */
    void sayAtEnd() {
        if (!trained || rules.off()) {
            return;
        }
        for (String entry : rules.unmatchedEntries()) {
            Console.warn("the rule of " + entry + " matched no network of this run.");
        }
        List<String> unmet = trainedWithout ? unmetAnnotations() : List.of();
        if (!unmet.isEmpty()) {
            Console.warn("networks trained to which no rule applied, and no network came to " + some(unmet) + ". An"
                    + " annotation on a class or method is for networks that are initialised, cloned or restored while its"
                    + " code runs, one on a field for those that its class stores there.");
        }
    }

    /** Fields for a network of a kind, to which no class stores that is seen. */
    private List<String> unseenFields(String kind) {
        List<String> fields = new ArrayList<>();
        annotated.get().forEach((place, type) -> {
            boolean ofOtherKind = type.startsWith("Lorg/deeplearning4j/nn/")
                    && (type.endsWith("/MultiLayerNetwork;") || type.endsWith("/ComputationGraph;"))
                    && !type.endsWith("/" + kind + ";");
            if (!type.isEmpty() && !ofOtherKind && !rules.hasMet(place)) {
                fields.add(place);
            }
        });
        return fields;
    }

    private List<String> unmetAnnotations() {
        return annotated.get().keySet().stream()
                .filter(place -> !rules.hasMet(place))
                .map(place -> "the annotation on " + place)
                .toList();
    }

    private static String some(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(MOST_NAMED, names.size())));
        return names.size() <= MOST_NAMED ? first : first + " and " + (names.size() - MOST_NAMED) + " more";
    }

    private static LowRankException refused(String sentence) {
        Console.stop(sentence);
        return new LowRankException(sentence);
    }
}
