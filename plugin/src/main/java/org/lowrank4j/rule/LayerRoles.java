package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.rule.PatternMatches.PatternMatch;

/**
 * Decides which layers of a network are targets, which train in full and which stay frozen, and why.
 *
 * <p>{@code exclude} is looked at first, then {@code layers}, then {@code train}. What a user named personally must be
 * possible; what only a range, a type, a regular expression or a default reaches is passed over where it is not.
 */
final class LayerRoles {

    private static final int LISTED_REASONS = 6;
    private static final int LISTED_NAMES = 3;
    private static final int LISTED_RANDOM = 8;

    /** What of a target can train besides the rest of the network. */
    private static final Set<String> WEIGHT_AND_BIAS = Set.of("W", "b");

    private final Rule rule;
    private final NetworkShape network;
    private final boolean everything;
    private final BooleanSupplier learnsFromScratch;
    private final Map<LayerShape, String> excluded = new LinkedHashMap<>();
    /** The matrices of targets that are adapted, or would be without {@code exclude}. */
    private final Set<MatrixShape> selected = new LinkedHashSet<>();

    private final Map<LayerShape, String> targets = new LinkedHashMap<>();
    private final Map<LayerShape, String> named = new LinkedHashMap<>();

    /** Layers that the rule names as those of a type. */
    private final Set<LayerShape> ofType = new HashSet<>();

    private final Map<LayerShape, String> trained = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private boolean excludesTargets;
    private boolean forAnotherNetwork;

    /**
     * @param movesNetwork whether, if the rule names no layers, everything trains: what cannot be a target in full
     * @param learnsFromScratch whether targets need no weights that were trained before; asked only where it matters
     */
    LayerRoles(Rule rule, NetworkShape network, boolean movesNetwork, BooleanSupplier learnsFromScratch) {
        this.rule = rule;
        this.learnsFromScratch = learnsFromScratch;
        this.network = network;
        everything = movesNetwork && rule.value(Key.LAYERS).isEmpty();
        Map<LayerShape, String> wanted = wanted();
        exclude(wanted);
        selectTargets(wanted);
        selectTrained();
    }

    /**
     * Refuses a rule that says which layers it is for, if nothing is left to adapt. One that names no layer was not written
     * for this network, which then trains as stock; nor was one whose layers are those of another network.
     *
     * @param overrides whether the rule has settings for single layers
     * @throws LowRankException with why each kind of layer is no target, and what can be one
     */
    void refuseWhatIsNamed(boolean overrides) {
        boolean namesLayers = rule.value(Key.LAYERS).isPresent() || overrides || !trainsByDefault() || excludesTargets;
        if (!namesLayers || forAnotherNetwork) {
            return;
        }
        String possible = network.layers().stream()
                .filter(layer -> !layer.frozen() && refusal(layer).isEmpty())
                .map(LayerShape::name)
                .limit(LISTED_NAMES)
                .collect(Collectors.joining(","));
        throw new LowRankException("The rule of " + rule.source() + " leaves no layer of this " + network.kind()
                + " to adapt: " + reasons() + ". "
                + (possible.isEmpty()
                        ? "None of its layers can be: take it out of the rule."
                        : "What can be adapted: layers=" + possible + "."));
    }

    /** One clause for each kind of layer and reason. */
    private String reasons() {
        Map<String, List<String>> names = new LinkedHashMap<>();
        for (LayerShape layer : network.layers()) {
            names.computeIfAbsent(" (" + layer.type() + "): " + because(layer), reason -> new ArrayList<>())
                    .add(layer.name());
        }
        String listed = names.entrySet().stream()
                .limit(LISTED_REASONS)
                .map(entry -> listed(entry.getValue()) + entry.getKey())
                .collect(Collectors.joining("; "));
        return listed + (names.size() > LISTED_REASONS ? "; and others" : "");
    }

    private static String listed(List<String> names) {
        int more = names.size() - LISTED_NAMES;
        return String.join(", ", names.subList(0, Math.min(names.size(), LISTED_NAMES)))
                + (more > 0 ? " and " + more + " more" : "");
    }

    /** Whether the rule names this layer as a target, by its name, its index or its type. */
    boolean isNamed(LayerShape layer) {
        return named.containsKey(layer) || ofType.contains(layer);
    }

    /** Takes a matrix back from the targets, and its layer if it was the only one. */
    void passOver(MatrixShape matrix, String because) {
        selected.remove(matrix);
        LayerShape layer = network.layer(matrix.layer());
        if (layer.matrices().stream().anyMatch(this::isTarget)) {
            return;
        }
        targets.remove(layer);
        excluded.put(layer, because);
        if (trainsByDefault()
                && (layer.output() || isRandom(layer) && rule.value(Key.LAYERS).isEmpty())) {
            trained.put(layer, "default: " + (layer.output() ? "output layer; " : "still random; ") + because);
        }
    }

    /** The same where the method is not meant for the matrix, whose layer trains in full unless nothing but what is named does. */
    void trainInstead(MatrixShape matrix, String because) {
        passOver(matrix, because);
        LayerShape layer = network.layer(matrix.layer());
        if (trainsByDefault() && !isTarget(layer)) {
            trained.put(layer, because);
        }
    }

    private boolean trainsByDefault() {
        return rule.value(Key.TRAIN)
                .map(train -> !TrainedLayers.parse(train.text()).alone())
                .orElse(true);
    }

    boolean isTarget(LayerShape layer) {
        return targets.containsKey(layer);
    }

    boolean isTarget(MatrixShape matrix) {
        return selected.contains(matrix) && targets.containsKey(network.layer(matrix.layer()));
    }

    boolean isTrained(LayerShape layer) {
        return trained.containsKey(layer);
    }

    /** Matrices to adapt, in the network's order. */
    List<MatrixShape> targets() {
        return network.layers().stream()
                .flatMap(layer -> layer.matrices().stream())
                .filter(this::isTarget)
                .toList();
    }

    List<String> warnings() {
        return warnings;
    }

    /** Why the layer has its role, as a phrase for the report. */
    String because(LayerShape layer) {
        if (targets.containsKey(layer)) {
            return targets.get(layer);
        } else if (trained.containsKey(layer)) {
            return trained.get(layer);
        } else if (layer.parameters().isEmpty()) {
            return "no parameters";
        } else if (layer.frozen()) {
            return "frozen by the program";
        } else if (excluded.containsKey(layer)) {
            return excluded.get(layer);
        }
        Optional<String> refusal = refusal(layer);
        if (refusal.isPresent()) {
            return "cannot be a target: " + refusal.get();
        }
        boolean onlyIfNamed =
                rule.value(Key.LAYERS).isEmpty() && !layer.output() && layer.byDefault() == DefaultTarget.NEVER;
        return onlyIfNamed ? Plan.ONLY_IF_NAMED : "not selected";
    }

    /** The layers that the rule asks for, before anything is taken away. */
    private Map<LayerShape, String> wanted() {
        Map<LayerShape, String> wanted = new LinkedHashMap<>();
        Optional<Sourced> layers = rule.value(Key.LAYERS);
        if (layers.isEmpty()) {
            network.layers().stream()
                    .filter(layer -> !layer.output()
                            && !layer.frozen()
                            && layer.byDefault() != DefaultTarget.NEVER
                            && refusal(layer).isEmpty())
                    .filter(layer -> !everything
                            || WEIGHT_AND_BIAS.containsAll(layer.parameters().keySet()))
                    .forEach(layer -> {
                        wanted.put(layer, "default: supported layer");
                        selected.addAll(layer.matrices());
                    });
            return wanted;
        }
        List<PatternMatch> matches = PatternMatches.of("layers", layers.get(), network, rule);
        forAnotherNetwork = matches.isEmpty();
        for (PatternMatch match : matches) {
            selected.addAll(match.matrices());
            for (LayerShape layer : match.layers()) {
                wanted.putIfAbsent(layer, match.because());
                if (match.ofType()) {
                    ofType.add(layer);
                }
                if (match.named()) {
                    named.putIfAbsent(
                            layer, "'" + match.pattern() + "' (" + layers.get().source() + ")");
                }
            }
        }
        return wanted;
    }

    private void exclude(Map<LayerShape, String> wanted) {
        Optional<Sourced> exclude = rule.value(Key.EXCLUDE);
        if (exclude.isEmpty()) {
            return;
        }
        for (PatternMatch match : PatternMatches.of("exclude", exclude.get(), network, rule)) {
            selected.removeAll(match.matrices());
            match.layers().stream()
                    .filter(layer -> match.whole() || layer.matrices().stream().noneMatch(selected::contains))
                    .forEach(layer -> excluded.putIfAbsent(layer, match.because()));
            excludesTargets |= match.layers().stream().anyMatch(wanted::containsKey);
            if (!everything && match.layers().stream().noneMatch(wanted::containsKey)) {
                warnings.add(
                        "exclude '" + match.pattern() + "' (" + exclude.get().source()
                                + ") excludes nothing: without it no layer that it matches would be a target.");
            }
        }
    }

    private void selectTargets(Map<LayerShape, String> wanted) {
        wanted.forEach((layer, because) -> {
            if (excluded.containsKey(layer)) {
                return;
            }
            if (named.containsKey(layer) && layer.frozen()) {
                throw new LowRankException("Layer '" + layer.name() + "' is named in layers " + named.get(layer)
                        + ", but the program froze it (FrozenLayer, or a feature extractor above it), and what the"
                        + " program froze stays frozen. Take it out of layers, or do not freeze it.");
            }
            Optional<String> refusal = refusal(layer);
            if (named.containsKey(layer) && refusal.isPresent()) {
                throw new LowRankException("Layer '" + layer.name() + "' (" + layer.type() + ") is named in layers "
                        + named.get(layer) + ", but cannot be a target: " + refusal.get()
                        + ". Take it out of layers; to train it in full, write train=" + layer.name() + ".");
            }
            if (!layer.frozen() && refusal.isEmpty()) {
                targets.put(layer, because);
            }
        });
    }

    private void selectTrained() {
        Optional<Sourced> train = rule.value(Key.TRAIN);
        if (train.isEmpty()) {
            trainByDefault();
            return;
        }
        TrainedLayers choice = TrainedLayers.parse(train.get().text());
        Sourced patterns = new Sourced(choice.patterns(), train.get().source());
        for (PatternMatch match : PatternMatches.of("train", patterns, network, rule)) {
            match.layers().forEach(layer -> train(layer, match, patterns));
        }
        if (choice.random()) {
            trainRandomLayers("'auto': still random", layer -> true);
        }
        if (choice.alone()) {
            warnOfUntrainedOutputs(train.get());
        } else {
            trainByDefault();
        }
    }

    private void trainByDefault() {
        network.layers().stream()
                .filter(layer ->
                        !targets.containsKey(layer) && trainingProblem(layer).isEmpty())
                .forEach(layer -> {
                    if (layer.output()) {
                        trained.putIfAbsent(layer, "default: output layer");
                    } else if (everything && !excluded.containsKey(layer)) {
                        trained.putIfAbsent(layer, "default: the whole network");
                    }
                });
        if (rule.value(Key.LAYERS).isEmpty()) {
            trainWhatIsNew();
        }
    }

    /**
     * Random layers: they have learned nothing that an adapter could add to. Where no target is pretrained, those stay
     * adapted that are adapted even so.
     */
    private void trainWhatIsNew() {
        boolean pretrained = targets.keySet().stream().anyMatch(layer -> !isRandom(layer));
        Set<LayerShape> chosen = overridden();
        trainRandomLayers(
                Plan.STILL_RANDOM,
                layer -> !excluded.containsKey(layer)
                        && !chosen.contains(layer)
                        && (pretrained || !isTarget(layer) || onlyOnceTrained(layer)));
    }

    /** Layers that overrides give settings of their own, so that they are meant to be targets. */
    private Set<LayerShape> overridden() {
        Set<LayerShape> layers = new HashSet<>();
        for (Rule.Ranked ranked : rule.overrides()) {
            PatternMatches.of("an override's layers", ranked.override().layers(), network, rule)
                    .forEach(match -> layers.addAll(match.layers()));
        }
        return layers;
    }

    /**
     * What was asked for by name is adapted nevertheless, and so is what an update can learn from scratch, unless only a
     * default makes it a target, and only once it is trained.
     */
    private void trainRandomLayers(String because, Predicate<LayerShape> wanted) {
        for (LayerShape layer : network.layers()) {
            if (isRandom(layer)
                    && !layer.frozen()
                    && wanted.test(layer)
                    && (!isTarget(layer)
                            || onlyOnceTrained(layer)
                            || !isNamed(layer) && !learnsFromScratch.getAsBoolean())) {
                targets.remove(layer);
                trained.putIfAbsent(layer, because);
            }
        }
    }

    private boolean onlyOnceTrained(LayerShape layer) {
        return rule.value(Key.LAYERS).isEmpty() && layer.byDefault() == DefaultTarget.ONCE_TRAINED;
    }

    private boolean isRandom(LayerShape layer) {
        return network.random().contains(layer.name());
    }

    /** A new output layer that stays as it was drawn makes everything below it learn to please it. */
    private void warnOfUntrainedOutputs(Sourced train) {
        List<LayerShape> outputs = network.layers().stream()
                .filter(layer -> layer.output() && trainingProblem(layer).isEmpty())
                .toList();
        if (!outputs.isEmpty() && outputs.stream().noneMatch(layer -> isTarget(layer) || isTrained(layer))) {
            String names = outputs.stream().map(LayerShape::name).collect(Collectors.joining(","));
            warnings.add("no output layer is trained or adapted (train '" + train.text() + "', " + train.source()
                    + "): "
                    + names + " stays as it is, which is right only for one that is trained already. Otherwise write"
                    + " train=only:" + names + ", or leave train out.");
        }
    }

    private void train(LayerShape layer, PatternMatch match, Sourced train) {
        if (!match.whole()) {
            throw new LowRankException("train '" + match.pattern() + "' (" + train.source() + ") names a matrix, and a"
                    + " layer trains in full as a whole. Write train=" + layer.name() + ", or adapt the matrix alone:"
                    + " layers=" + match.pattern() + ".");
        }
        if (targets.containsKey(layer) && isNamed(layer) && !match.named()) {
            return;
        }
        if (targets.containsKey(layer) && named.containsKey(layer)) {
            throw new LowRankException("Layer '" + layer.name() + "' is in layers " + named.get(layer)
                    + " and in train '" + match.pattern() + "' (" + train.source()
                    + "). A layer is either adapted or trained in full; take it out of one of them.");
        }
        Optional<String> problem = trainingProblem(layer);
        if (problem.isEmpty()) {
            targets.remove(layer);
            trained.putIfAbsent(layer, match.because());
        } else if (match.named()) {
            throw new LowRankException("Layer '" + layer.name() + "' (" + layer.type() + ") is named in train '"
                    + match.pattern() + "' (" + train.source() + "), but " + problem.get() + ".");
        }
    }

    /** What trains above layers that are random and stay so gets features that nothing has learned. */
    void warnOfRandomLayers(List<String> warnings) {
        List<String> random = network.layers().stream()
                .filter(layer -> isRandom(layer) && !layer.frozen())
                .filter(layer -> !targets.containsKey(layer) && !trained.containsKey(layer))
                .map(LayerShape::name)
                .toList();
        if (!random.isEmpty()) {
            warnings.add("frozen and still random: " + some(random)
                    + ". They are as the network drew them when it was initialised, and nothing has trained or loaded them"
                    + " since. train=auto trains them in full.");
        }
    }

    /** A few names, and how many more there are. */
    static String some(List<String> names) {
        int more = names.size() - LISTED_RANDOM;
        return String.join(", ", names.subList(0, Math.min(LISTED_RANDOM, names.size())))
                + (more > 0 ? " and " + more + " more" : "");
    }

    private static Optional<String> trainingProblem(LayerShape layer) {
        if (layer.parameters().isEmpty()) {
            return Optional.of("it has no parameters");
        }
        return layer.frozen()
                ? Optional.of("the program froze it, and what the program froze stays frozen")
                : Optional.empty();
    }

    private static Optional<String> refusal(LayerShape layer) {
        return Optional.ofNullable(layer.refusal());
    }
}
