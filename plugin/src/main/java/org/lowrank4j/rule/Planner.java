package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.Methods;
import org.lowrank4j.method.NearestName;
import org.lowrank4j.rule.NetworkShape.LayerShape;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.lowrank4j.update.LowRankUpdate;

/** Works out what a rule means for a network, or says exactly why it cannot be met. */
final class Planner {

    private static final Sourced DEFAULT_RANK = new Sourced("8", "default");
    private static final Sourced DEFAULT_SCALING = new Sourced("standard", "default");
    private static final Sourced DEFAULT_GRADIENT = new Sourced("exact", "default");
    private static final Sourced DEFAULT_UPDATE = new Sourced("lora", "default");

    private final Rule rule;
    private final NetworkShape network;
    private final Methods methods;
    private final List<String> warnings;
    private final LayerRoles roles;
    private final TargetChoices choices;
    private final Map<String, Sourced> options;

    /** Options that the methods of at least one target declare. */
    private final Set<String> usedOptions = new TreeSet<>();

    Planner(Rule rule, NetworkShape network, Methods methods) {
        this.rule = rule;
        this.network = network;
        this.methods = methods;
        this.warnings = new ArrayList<>(rule.notes());
        this.options = options();
        this.roles = new LayerRoles(rule, network);
        this.warnings.addAll(roles.warnings());
        this.choices = new TargetChoices(rule, network, roles, warnings);
    }

    Plan plan() {
        Map<LayerShape, TargetSettings> targets = new LinkedHashMap<>();
        for (LayerShape layer : roles.targets()) {
            targets.put(layer, settings(layer));
        }
        options.forEach((name, value) -> checkOption(name, value, usedOptions, "any target"));
        List<LayerPlan> layers = new ArrayList<>();
        for (LayerShape layer : network.layers()) {
            Role role = roles.isTarget(layer) ? Role.TARGET : roles.isTrained(layer) ? Role.TRAIN : Role.FROZEN;
            layers.add(new LayerPlan(layer, role, targets.get(layer), trainsBias(layer, role), roles.because(layer)));
        }
        return new Plan(rule, network, List.copyOf(layers), List.copyOf(warnings));
    }

    private boolean trainsBias(LayerShape layer, Role role) {
        boolean wanted = switch (rule.bias()) {
            case NONE -> false;
            case LORA_ONLY -> role == Role.TARGET;
            case ALL -> role != Role.TRAIN && !layer.frozen();
        };
        if (!wanted || !layer.parameters().containsKey("b")) {
            return false;
        }
        if (!layer.refusal().isEmpty()) {
            warnings.add("the bias of layer '" + layer.name() + "' stays frozen: " + layer.refusal());
            return false;
        }
        return true;
    }

    private TargetSettings settings(LayerShape layer) {
        int rank = rank(layer);
        Scaling scaling = Scaling.valueOf(Key.SCALING.canonical(choice(Key.SCALING, layer, DEFAULT_SCALING)));
        Optional<TargetChoices.Choice> chosenGradient = choices.of(Key.GRADIENT, layer);
        GradientApproximation gradient =
                gradient(chosenGradient.map(TargetChoices.Choice::value).orElse(DEFAULT_GRADIENT));
        Optional<TargetChoices.Choice> chosenUpdate = choices.of(Key.UPDATE, layer);
        Sourced defaultUpdate = chosenGradient.isEmpty()
                ? DEFAULT_UPDATE
                : new Sourced(gradient.defaultUpdate(), "default update of gradient " + gradient.name());
        LowRankUpdate update =
                update(chosenUpdate.map(TargetChoices.Choice::value).orElse(defaultUpdate));
        double alpha = choices.of(Key.ALPHA, layer)
                .map(choice -> Double.parseDouble(Key.ALPHA.canonical(choice.value())))
                .orElse(update.defaultAlpha());
        boolean updateIsOverride = chosenUpdate
                .or(() -> chosenGradient)
                .map(TargetChoices.Choice::override)
                .orElse(false);
        String initialisation = initialisation(layer, update, updateIsOverride);

        List<Method> chosen = new ArrayList<>(List.of(gradient, update));
        if (!initialisation.isEmpty()) {
            chosen.add(methods.initialisation(initialisation, "default"));
        }
        return new TargetSettings(
                rank, alpha, scaling, initialisation, gradient.name(), update.name(), options(layer, chosen));
    }

    private Sourced choice(Key key, LayerShape layer, Sourced otherwise) {
        return choices.of(key, layer).map(TargetChoices.Choice::value).orElse(otherwise);
    }

    private int rank(LayerShape layer) {
        Sourced chosen = choice(Key.RANK, layer, DEFAULT_RANK);
        int rank = Integer.parseInt(Key.RANK.canonical(chosen));
        long largest = Math.min(layer.inputs(), layer.outputs());
        if (rank > largest) {
            throw new LowRankException("rank " + rank + " (" + chosen.source() + ") is too large for layer '"
                    + layer.name() + "' (" + layer.type() + ", W " + layer.inputs() + " x " + layer.outputs()
                    + "): its largest rank is " + largest + ". Give it an override (rank@" + layer.name() + "="
                    + largest
                    + ", or @LowRank.Layer(layers = \"" + layer.name() + "\", rank = " + largest
                    + ")), exclude it (exclude=" + layer.name() + "), or lower the rank.");
        }
        return rank;
    }

    private GradientApproximation gradient(Sourced name) {
        return methods.gradient(name.text().strip(), name.source());
    }

    private LowRankUpdate update(Sourced name) {
        return methods.update(name.text().strip(), name.source());
    }

    /**
     * The name of the initialisation, empty if the update has no factors that one starts.
     *
     * @param updateIsOverride whether the layer's update differs from the rule's, so that an initialisation named for the
     *     whole network was not meant for it
     */
    private String initialisation(LayerShape layer, LowRankUpdate update, boolean updateIsOverride) {
        Optional<TargetChoices.Choice> chosen = choices.of(Key.INIT, layer);
        if (!update.hasFactors()) {
            if (chosen.isPresent() && (chosen.get().override() || !updateIsOverride)) {
                throw refusedInitialisation(chosen.get().value(), update);
            }
            return "";
        }
        Sourced name = chosen.map(TargetChoices.Choice::value)
                .orElseGet(
                        () -> new Sourced(update.defaultInitialisation(), "default init of update " + update.name()));
        return methods.initialisation(name.text().strip(), name.source()).name();
    }

    private LowRankException refusedInitialisation(Sourced init, LowRankUpdate update) {
        String name = methods.initialisation(init.text().strip(), init.source()).name();
        String pairs = methods.updates().stream()
                .filter(LowRankUpdate::hasFactors)
                .map(other -> "init=" + name + " with update=" + other.name())
                .collect(Collectors.joining(", "));
        return new LowRankException(
                "init '" + name + "' (" + init.source() + ") starts the factors A and B, and update '"
                        + update.name() + "' has none that an init starts. These pairs work: update=" + update.name()
                        + " without init"
                        + (pairs.isEmpty() ? "" : ", " + pairs) + ".");
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
    private Map<String, String> options(LayerShape layer, List<Method> chosen) {
        Set<String> declared = new LinkedHashSet<>();
        chosen.forEach(method -> declared.addAll(Methods.optionNames(method)));
        usedOptions.addAll(declared);
        Map<String, Sourced> overriding = choices.options(layer);
        overriding.forEach((name, value) -> checkOption(name, value, declared, "layer '" + layer.name() + "'"));
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
