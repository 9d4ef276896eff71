package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.average.WeightAverage;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.gradient.GradientApproximation.RunOfUpdater;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.WholeNetworkUpdate;
import org.lowrank4j.updater.Updater;

/** Works out what a rule means for a network, or says exactly why it cannot be met. */
final class Planner {

    private static final Sourced DEFAULT_RANK = new Sourced("8", "default");
    private static final Sourced DEFAULT_BITS = new Sourced("0", "default");
    private static final Sourced DEFAULT_SCALING = new Sourced("standard", "default");

    private final Rule rule;
    private final NetworkShape network;
    private final Methods methods;
    private final List<String> warnings;

    /** Whether the rule's update moves the whole network, so that everything trains that the rule does not mention. */
    private final boolean movesNetwork;

    private final LayerRoles roles;
    private final TargetChoices choices;
    private final Map<String, Sourced> options;

    /** What an initialisation says of targets that it could start, had it what it needs for them. */
    private final Set<String> unstarted = new LinkedHashSet<>();

    /** Options that the methods of at least one target declare. */
    private final Set<String> usedOptions = new TreeSet<>();

    Planner(Rule rule, NetworkShape network, Methods methods) {
        this.rule = rule;
        this.network = network;
        this.methods = methods;
        this.warnings = new ArrayList<>(rule.notes());
        this.options = options();
        this.movesNetwork = rule.value(Key.UPDATE)
                .map(update -> methods.update(update.text().strip(), update.source()) instanceof WholeNetworkUpdate)
                .orElse(false);
        this.roles = new LayerRoles(rule, network, movesNetwork, this::learnsFromScratch);
        this.warnings.addAll(roles.warnings());
        this.choices = new TargetChoices(rule, network, roles, warnings);
    }

    Plan plan() {
        Map<MatrixShape, Plan.Target> targets = new LinkedHashMap<>();
        for (MatrixShape matrix : roles.targets()) {
            TargetSettings asked = settings(matrix);
            Optional<String> refused = unstarted(matrix, asked)
                    .or(() -> unconstrained(matrix, asked))
                    .or(() -> tooSmall(matrix, asked));
            if (refused.isPresent()) {
                roles.passOver(matrix, refused.get());
                continue;
            }
            if (isForOthers(matrix, asked)) {
                roles.trainInstead(
                        matrix,
                        "default: first layer, which gradient " + asked.gradient()
                                + " leaves to the updater unless layers names it");
                continue;
            }
            int rank = fittingRank(matrix, asked);
            if (rank == 0) {
                roles.passOver(matrix, "init " + asked.initialisation() + " leaves it no rank");
            } else {
                boolean fits = rank == asked.rank();
                targets.put(
                        matrix, new Plan.Target(matrix, fits ? asked : cut(matrix, asked, rank), fits ? null : asked));
            }
        }
        refuseEqualKeys(targets.keySet());
        roles.warnOfRandomLayers(warnings);
        TargetSettings joint = movesNetwork && targets.isEmpty() ? settings(null) : null;
        if (targets.isEmpty() && !unstarted.isEmpty()) {
            throw new LowRankException("No layer can start as the rule of " + rule.source() + " says. "
                    + String.join("; ", unstarted) + ".");
        }
        if (targets.isEmpty() && joint == null) {
            roles.refuseWhatIsNamed(!rule.overrides().isEmpty());
        }
        warnOfRandomTargets(targets.values());
        rule.value(Key.LOSS)
                .map(loss -> methods.loss(Key.LOSS.canonical(loss), loss.source()))
                .ifPresent(loss -> usedOptions.addAll(Methods.optionNames(loss)));
        rule.value(Key.UPDATER).ifPresent(updater -> requireUpdater(updater, targets.values(), joint));
        rule.value(Key.AVERAGE).ifPresent(this::requireAverage);
        rule.value(Key.EXCHANGE)
                .ifPresent(exchange -> usedOptions.addAll(
                        Methods.optionNames(methods.exchange(Key.EXCHANGE.canonical(exchange), exchange.source()))));
        options.forEach((name, value) -> checkOption(name, value, usedOptions, "any target"));
        List<LayerPlan> layers = new ArrayList<>();
        for (LayerShape layer : network.layers()) {
            Role role = roles.isTarget(layer) ? Role.TARGET : roles.isTrained(layer) ? Role.TRAIN : Role.FROZEN;
            List<Plan.Target> adapted = role == Role.TARGET
                    ? targets.values().stream()
                            .filter(target -> target.matrix().layer().equals(layer.name()))
                            .toList()
                    : List.of();
            String because = adapted.stream()
                    .map(Plan.Target::cutFrom)
                    .filter(Objects::nonNull)
                    .filter(TargetSettings::usesRank)
                    .findFirst()
                    .map(asked -> LayerPlan.asked(asked.rank(), roles.because(layer)))
                    .orElse(roles.because(layer));
            layers.add(new LayerPlan(layer, role, adapted, vectors(layer, role), because));
        }
        return new Plan(rule, network, List.copyOf(layers), joint, List.copyOf(warnings));
    }

    /**
     * Requires that an updater runs on all that trains.
     *
     * @throws LowRankException if a gradient approximation lets it not
     */
    private void requireUpdater(Sourced named, Collection<Plan.Target> targets, @Nullable TargetSettings joint) {
        Updater updater = methods.updater(Key.UPDATER.canonical(named), named.source());
        if (updater == null) {
            return;
        }
        usedOptions.addAll(Methods.optionNames(updater));
        Set<String> gradients = new TreeSet<>();
        targets.forEach(target -> gradients.add(target.settings().gradient()));
        if (joint != null) {
            gradients.add(joint.gradient());
        }
        for (String gradient : gradients) {
            if (!runs(updater, methods.gradient(gradient, "plan"))) {
                String others = methods.gradients().stream()
                        .filter(other -> runs(updater, other))
                        .map(Method::name)
                        .collect(Collectors.joining(", "));
                throw new LowRankException("updater=" + updater.name() + " (" + named.source()
                        + ") cannot be had with gradient=" + gradient + ", which "
                        + (methods.gradient(gradient, "plan").runOfUpdater() == RunOfUpdater.NEVER
                                ? "makes the steps itself"
                                : "runs an updater on part of the gradient, where this one wants to see all of it")
                        + ". Leave out one of the two, or take another gradient: " + others + ".");
            }
        }
    }

    private void requireAverage(Sourced named) {
        WeightAverage average = methods.average(Key.AVERAGE.canonical(named), named.source());
        if (average != null) {
            usedOptions.addAll(Methods.optionNames(average));
            average.mean(rule.options(average));
        }
    }

    private static boolean runs(Updater updater, GradientApproximation gradient) {
        return gradient.runOfUpdater() == RunOfUpdater.ON_GRADIENT
                || gradient.runOfUpdater() == RunOfUpdater.WITHIN && !updater.ofWholeNetwork();
    }

    /**
     * Why an initialisation cannot start a matrix; empty if it can.
     *
     * @throws LowRankException if the layer is named
     */
    private Optional<String> unstarted(MatrixShape matrix, TargetSettings asked) {
        String name = asked.initialisation();
        if (name == null) {
            return Optional.empty();
        }
        Initialisation start = methods.initialisation(name, "plan");
        boolean blind = !matrix.showsInputs() && start.need() == Initialisation.Need.INPUTS;
        Optional<String> reason = blind
                ? Optional.of("learns from a layer's inputs, and only these types show theirs: "
                        + LayerKinds.types(kind -> kind.inputRows() != null || kind.inputTokens() != null))
                : start.refusal(matrix.key(), new OptionValues(start, asked.options()));
        if (reason.isEmpty()) {
            return reason;
        }
        LayerShape layer = network.layer(matrix.layer());
        String why = "init " + name + (blind ? " " : ": ") + reason.get();
        if (roles.isNamed(layer)) {
            throw new LowRankException("Layer '" + matrix.key() + "' cannot start so: " + why
                    + ". Give the layer another init (init@" + layer.name() + "=kaiming), or take it out of layers.");
        }
        if (!blind) {
            unstarted.add(why);
        }
        return Optional.of(why);
    }

    /**
     * Why an update cannot move a matrix within the user's constraints on it; empty if it can.
     *
     * @throws LowRankException if the layer is named
     */
    private Optional<String> unconstrained(MatrixShape matrix, TargetSettings asked) {
        LowRankUpdate update = methods.update(asked.update(), "plan");
        Optional<String> refusal = matrix.constraints().isEmpty() ? Optional.empty() : update.constraintRefusal();
        if (refusal.isEmpty()) {
            return refusal;
        }
        LayerShape layer = network.layer(matrix.layer());
        String why = "update " + update.name() + " cannot hold the constraints on " + matrix.parameter() + " ("
                + String.join(", ", matrix.constraints()) + "): " + refusal.get();
        if (roles.isNamed(layer)) {
            throw new LowRankException("Layer '" + matrix.key() + "' cannot be adapted so: " + why
                    + ". Use another update (update=lora, update=full, ...), leave the layer out (exclude="
                    + layer.name() + "), or take the constraints out of the network.");
        }
        return Optional.of(why);
    }

    /** Why a matrix is too small for an update, where the rule does not name its layer; empty if it is not. */
    private Optional<String> tooSmall(MatrixShape matrix, TargetSettings asked) {
        int fewest = methods.update(asked.update(), "plan").fewestInputs();
        return matrix.inputs() >= fewest || roles.isNamed(network.layer(matrix.layer()))
                ? Optional.empty()
                : Optional.of("update " + asked.update() + " needs " + fewest + " inputs");
    }

    /** Whether a rule that names no layers leaves a matrix to the user's updater, because of what the gradient is for. */
    private boolean isForOthers(MatrixShape matrix, TargetSettings asked) {
        return rule.value(Key.LAYERS).isEmpty()
                && choices.of(Key.GRADIENT, matrix)
                        .filter(TargetChoices.Choice::override)
                        .isEmpty()
                && methods.gradient(asked.gradient(), "plan").hiddenOnly()
                && network.layers().stream()
                        .filter(layer -> !layer.matrices().isEmpty())
                        .findFirst()
                        .filter(first -> first.matrices().contains(matrix))
                        .isPresent();
    }

    /** Two layers could be called so that matrices of theirs share a key. */
    private static void refuseEqualKeys(Set<MatrixShape> targets) {
        Map<String, MatrixShape> byKey = new LinkedHashMap<>();
        for (MatrixShape matrix : targets) {
            MatrixShape other = byKey.put(matrix.key(), matrix);
            if (other != null) {
                throw new LowRankException("Two targets are called '" + matrix.key() + "': " + other.parameter()
                        + " of layer '" + other.layer() + "' and " + matrix.parameter() + " of layer '"
                        + matrix.layer() + "'. Rename one of the layers, or leave one of them out (exclude).");
            }
        }
    }

    /** An update of low rank adds to what a layer has learned, and these have learned nothing. */
    private void warnOfRandomTargets(Collection<Plan.Target> targets) {
        Set<String> random = new LinkedHashSet<>();
        for (Plan.Target target : targets) {
            boolean fit =
                    methods.update(target.settings().update(), rule.source()).learnsFromScratch();
            if (!fit && network.random().contains(target.matrix().layer())) {
                random.add(target.matrix().layer());
            }
        }
        if (!random.isEmpty() && rule.value(Key.LAYERS).isEmpty()) {
            warnings.add(
                    "adapted though still random: " + LayerRoles.some(List.copyOf(random))
                            + ". Nothing has trained them, and updates of low rank learn less from random weights than full training"
                            + " does. Write train=auto to train them in full, or name them in layers if they are meant to be adapted.");
        }
    }

    /** Whether the methods that the rule gives to layers in general can train random weights. */
    private boolean learnsFromScratch() {
        return ChosenMethods.of(general(Key.INIT), general(Key.GRADIENT), general(Key.UPDATE), null, methods)
                .update()
                .learnsFromScratch();
    }

    private Optional<TargetChoices.Choice> general(Key key) {
        return rule.value(key).map(value -> new TargetChoices.Choice(value, false));
    }

    /** The vectors of a layer that train beside frozen or adapted matrices. */
    private List<String> vectors(LayerShape layer, Role role) {
        BiasTraining bias = movesNetwork && rule.value(Key.BIAS).isEmpty() ? BiasTraining.LORA_ONLY : rule.bias();
        boolean wanted = switch (bias) {
            case NONE -> false;
            case LORA_ONLY -> role == Role.TARGET;
            case ALL -> role != Role.TRAIN && !layer.frozen();
        };
        if (!wanted || layer.vectors().isEmpty()) {
            return List.of();
        }
        if (layer.vectorRefusal() != null) {
            warnings.add(String.join(", ", layer.vectors()) + " of layer '" + layer.name() + "' (" + layer.type()
                    + ") stay frozen: " + layer.vectorRefusal() + ". To train the layer in full, write train="
                    + layer.name() + ".");
            return List.of();
        }
        return layer.vectors();
    }

    /** @param target null for the network as a whole, for which no override is */
    private TargetSettings settings(@Nullable MatrixShape target) {
        TargetSettings asked =
                settings(target, Integer.parseInt(Key.RANK.canonical(choice(Key.RANK, target, DEFAULT_RANK))));
        String name = asked.initialisation();
        if (target == null || name == null || choices.of(Key.RANK, target).isPresent()) {
            return asked;
        }
        Initialisation start = methods.initialisation(name, "plan");
        OptionalInt known = start.defaultRank(target.key(), new OptionValues(start, asked.options()));
        return known.isPresent() ? settings(target, known.getAsInt()) : asked;
    }

    private TargetSettings settings(@Nullable MatrixShape target, int rank) {
        Scaling scaling = Scaling.valueOf(Key.SCALING.canonical(choice(Key.SCALING, target, DEFAULT_SCALING)));
        ChosenMethods chosen = ChosenMethods.of(
                choices.of(Key.INIT, target),
                choices.of(Key.GRADIENT, target),
                choices.of(Key.UPDATE, target),
                target == null ? null : target.defaultStart(),
                methods);
        Initialisation initialisation = chosen.initialisation();
        double alpha = choices.of(Key.ALPHA, target)
                .map(choice -> Double.parseDouble(Key.ALPHA.canonical(choice.value())))
                .orElseGet(() -> (initialisation == null ? OptionalDouble.empty() : initialisation.defaultAlpha(rank))
                        .orElse(chosen.update().defaultAlpha()));
        return new TargetSettings(
                rank,
                alpha,
                scaling,
                initialisation == null ? null : initialisation.name(),
                chosen.gradient().name(),
                chosen.update().name(),
                bits(target, chosen.update()),
                options(target, chosen.all()),
                chosen.update().usesRank() || chosen.gradient().usesRank(),
                chosen.update().usesScale());
    }

    /** @throws LowRankException if they are few and the update has no factors for that */
    private int bits(@Nullable MatrixShape target, LowRankUpdate update) {
        Sourced chosen = choice(Key.BITS, target, DEFAULT_BITS);
        int bits = Integer.parseInt(Key.BITS.canonical(chosen));
        if (bits > 0 && update.factors().isEmpty()) {
            throw new LowRankException("bits=" + bits + " (" + chosen.source() + ") does not go with update="
                    + update.name() + ", which has no factors that only its steps change. It goes with update="
                    + methods.updates().stream()
                            .filter(other -> !other.factors().isEmpty())
                            .map(Method::name)
                            .collect(Collectors.joining(", "))
                    + "; bits=0 is full precision.");
        }
        return bits;
    }

    private Sourced choice(Key key, @Nullable MatrixShape target, Sourced otherwise) {
        return choices.of(key, target).map(TargetChoices.Choice::value).orElse(otherwise);
    }

    /**
     * The rank that a target gets: what was asked for, cut to what fits if it was asked for all layers.
     *
     * @return 0 if none fits
     * @throws LowRankException if a rank was asked for this layer, and does not fit
     */
    private int fittingRank(MatrixShape matrix, TargetSettings asked) {
        long largest = matrix.largestRank();
        if (asked.initialisation() != null) {
            largest = methods.initialisation(asked.initialisation(), "plan")
                    .largestRank(matrix.inputs(), matrix.outputs());
        }
        if (asked.rank() <= largest) {
            return asked.rank();
        }
        Sourced chosen = choice(Key.RANK, matrix, DEFAULT_RANK);
        boolean named =
                choices.of(Key.RANK, matrix).map(TargetChoices.Choice::override).orElse(false);
        // Where no method looks at the rank, one that is too large does no harm.
        if (named && asked.usesRank() || largest == 0 && roles.isNamed(network.layer(matrix.layer()))) {
            throw tooLarge(matrix, asked, chosen, largest);
        }
        return (int) largest;
    }

    private LowRankException tooLarge(MatrixShape matrix, TargetSettings asked, Sourced chosen, long largest) {
        String init = asked.initialisation();
        boolean smaller = largest < matrix.largestRank();
        boolean oneOfSeveral = network.layer(matrix.layer()).matrices().size() > 1;
        String name = oneOfSeveral ? matrix.layer() + "/" + matrix.parameter() : matrix.key();
        return new LowRankException("rank " + asked.rank() + " (" + chosen.source() + ") is too large for layer '"
                + name
                + "' (" + network.layer(matrix.layer()).type() + ", " + matrix.parameter() + " " + matrix.inputs()
                + " x "
                + matrix.outputs() + "): "
                + (largest == 0
                        ? "init=" + init + " leaves it no rank. Give"
                        : "its largest rank " + (smaller ? "with init=" + init + " " : "") + "is " + largest + ". Give")
                + (largest == 0
                        ? " it another init, or exclude it (exclude=" + name + ")."
                        : " it that (rank@" + name + "=" + largest + ", or @LowRank.Layer(layers = \"" + name
                                + "\", rank = " + largest + ")), or exclude it (exclude=" + name + ")."));
    }

    /**
     * As if the target's rank had been written for it: with the scale of that rank, too. LoRA divides alpha by the rank so
     * that an update is of the same size at any rank (arXiv 2106.09685, section 4.1); divided by the rank asked for, it
     * would be the smaller the more was cut.
     */
    private TargetSettings cut(MatrixShape target, TargetSettings asked, int rank) {
        LowRankUpdate update = methods.update(asked.update(), "plan");
        Map<String, String> options = new LinkedHashMap<>(asked.options());
        options.putAll(update.optionsForRank(asked.rank(), rank, new OptionValues(update, asked.options())));
        options.putAll(Rule.texts(choices.options(target)));
        return settings(target, rank).withOptions(options);
    }

    /** The options of the whole rule, with variables of the environment spelled out. */
    private Map<String, Sourced> options() {
        List<Sourced> unknown = new ArrayList<>();
        Map<String, Sourced> merged = rule.options(methods.optionNames(), unknown);
        Set<String> variables = new TreeSet<>();
        methods.optionNames().forEach(name -> variables.add("LOWRANK_" + FlatSource.variable(name)));
        for (Sourced value : unknown) {
            String variable = value.source().substring(value.source().indexOf(' ') + 1);
            String sentence = "unknown key " + variable + " (environment) is ignored: it is neither a key nor an option"
                    + " of a method." + NearestName.suggestion(variable, variables);
            if (rule.strict()) {
                throw new LowRankException("strict=true refuses unknown keys: " + sentence);
            }
            warnings.add(sentence);
        }
        return merged;
    }

    /** What the user wrote for the methods of one target: the overrides for its layer, then the rule's. */
    private Map<String, String> options(@Nullable MatrixShape target, List<Method> chosen) {
        Set<String> declared = new LinkedHashSet<>();
        chosen.forEach(method -> declared.addAll(Methods.optionNames(method)));
        usedOptions.addAll(declared);
        Map<String, Sourced> overriding = target == null ? Map.of() : choices.options(target);
        String where = target == null ? "the network" : "layer '" + target.key() + "'";
        overriding.forEach((name, value) -> checkOption(name, value, declared, where));
        Map<String, Sourced> merged = new LinkedHashMap<>(options);
        merged.putAll(overriding);
        merged.keySet().retainAll(declared);
        return Rule.texts(merged);
    }

    private void checkOption(String name, Sourced value, Set<String> declared, String where) {
        if (declared.contains(name)) {
            return;
        }
        String known = " Options of the methods of " + where + ": "
                + (declared.isEmpty() ? "none" : String.join(", ", declared)) + ".";
        if (methods.optionNames().contains(name)) {
            throw new LowRankException("option " + name + " (" + value.source() + ") belongs to '"
                    + name.substring(0, name.indexOf('.')) + "', which is not chosen for " + where + "." + known);
        }
        String sentence = "unknown option " + name + " (" + value.source() + ")." + known
                + NearestName.suggestion(name, methods.optionNames());
        if (value.source().startsWith(FlatSource.PROPERTY) && !rule.strict()) {
            // A property of that prefix may be somebody else's.
            warnings.add(sentence);
            return;
        }
        throw new LowRankException(sentence);
    }
}
