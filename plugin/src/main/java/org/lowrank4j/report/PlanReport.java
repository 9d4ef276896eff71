package org.lowrank4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.BiasTraining;
import org.lowrank4j.rule.NewWeights;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.WeightUpdate;

/**
 * A plan as text, printed once per network: the rule and where it came from, a table of all layers, the number of
 * trainable parameters and the memory that training needs with and without the plan.
 */
public final class PlanReport {

    /** Longest line, in characters; with the prefix of {@link Console} it stays under 120. */
    private static final int WIDTH = 107;

    /** In the place of a rank or scale that means nothing to the methods of a target. */
    private static final String UNUSED = "-";

    /** A table with more rows shows layers that are alike in one. */
    private static final int MOST_ROWS = 24;

    /** Of targets in a sentence. */
    private static final int LISTED = 4;

    private PlanReport() {}

    /**
     * Bytes that the gradient vector and the updater's state take.
     *
     * @param gradientBytes of the gradient, with the plan
     * @param updaterBytes of the updater's state, with the plan
     * @param stockGradientBytes of the gradient, when all parameters train
     * @param stockUpdaterBytes of the updater's state, when all parameters train
     * @param methodBytes of everything else that the methods keep: factors, projectors, windows
     * @param mostKept the target that keeps most of that, with its arrays, and what is of the whole network; may be empty
     */
    public record Memory(
            long gradientBytes,
            long updaterBytes,
            long stockGradientBytes,
            long stockUpdaterBytes,
            long methodBytes,
            String mostKept) {}

    /**
     * The report.
     *
     * @param adapterEntries number of trained adapter entries of each target, by layer name
     * @param jointNumbers how many numbers train in the place of all trained entries; empty if the entries train
     * @param memory the bytes, or null where nothing is going to be trained
     * @return lines of at most 107 characters where spaces and the numbers of a table allow it, joined by line feeds
     * @throws LowRankException if the number of a target is missing
     */
    public static String text(
            Plan plan, Map<String, Long> adapterEntries, OptionalLong jointNumbers, @Nullable Memory memory) {
        List<String> lines = new ArrayList<>();
        lines.add(plan.shape().kind() + " '" + plan.rule().id() + "' by "
                + plan.rule().source());
        lines.addAll(methods(plan));
        lines.addAll(table(plan, adapterEntries));
        lines.add(totals(plan, adapterEntries, jointNumbers));
        if (memory != null) {
            lines.add(memory(memory));
            lines.add("memory of the methods: " + bytes(memory.methodBytes())
                    + (memory.mostKept().isEmpty() ? "" : "; " + memory.mostKept()));
        }
        more(plan).ifPresent(lines::add);
        plan.warnings().forEach(warning -> lines.add("warning: " + warning));
        tooMany(plan, adapterEntries).ifPresent(warning -> lines.add("warning: " + warning));
        List<String> wrapped = new ArrayList<>();
        lines.forEach(line -> wrap(line, wrapped));
        return String.join("\n", wrapped);
    }

    /**
     * The numbers of trainable and of all parameters in one sentence. "All" are the network's own parameters and the
     * adapters'; a parameter that DL4J merely keeps, as running statistics, is not trainable.
     *
     * @param jointNumbers how many numbers train in the place of all trained entries; empty if the entries train
     */
    public static String totals(Plan plan, Map<String, Long> adapterEntries, OptionalLong jointNumbers) {
        long entries = plan.layers().stream()
                .mapToLong(layer -> trained(layer, adapterEntries))
                .sum();
        if (jointNumbers.isPresent()) {
            long numbers = jointNumbers.getAsLong();
            return totals(numbers, plan.shape().parameterCount() + numbers)
                    + String.format(Locale.ROOT, ", which move %,d together", entries);
        }
        // What trains W itself has no parameters besides it.
        Set<String> itself = Methods.load().updates().stream()
                .filter(WeightUpdate.class::isInstance)
                .map(LowRankUpdate::name)
                .collect(Collectors.toSet());
        long adapters = plan.targets().stream()
                .filter(target -> !itself.contains(target.settings().update()))
                .mapToLong(target -> entries(target, adapterEntries))
                .sum();
        return totals(entries, plan.shape().parameterCount() + adapters);
    }

    /** Where full training would train fewer numbers; empty if nowhere. */
    private static Optional<String> tooMany(Plan plan, Map<String, Long> adapterEntries) {
        List<String> more = plan.targets().stream()
                .filter(target -> target.settings().usesRank()
                        && entries(target, adapterEntries)
                                > target.matrix().inputs() * target.matrix().outputs())
                .map(target -> String.format(
                        Locale.ROOT,
                        "%s (%,d for %,d)",
                        target.key(),
                        entries(target, adapterEntries),
                        target.matrix().inputs() * target.matrix().outputs()))
                .toList();
        if (more.isEmpty()) {
            return Optional.empty();
        }
        String listed = String.join(", ", more.subList(0, Math.min(more.size(), LISTED)));
        return Optional.of("more numbers train than the matrix has in " + listed
                + (more.size() > LISTED ? " and " + (more.size() - LISTED) + " more" : "")
                + "; a smaller rank trains fewer.");
    }

    /** What to write for the layers that the rule could adapt and does not name; empty if there are none. */
    private static Optional<String> more(Plan plan) {
        Set<String> named = types(plan, layer -> layer.because().equals(Plan.ONLY_IF_NAMED));
        if (plan.rule().namesLayers()) {
            return Optional.empty();
        }
        Set<String> normalisation = types(
                plan,
                layer -> layer.role() == Role.FROZEN
                        && !layer.layer().frozen()
                        && !layer.layer().statistics().isEmpty()
                        && !layer.layer().output());
        List<String> advice = new ArrayList<>();
        if (!named.isEmpty()) {
            Set<String> all = types(plan, layer -> layer.role() == Role.TARGET);
            all.addAll(named);
            advice.add("layers=" + String.join(":", all));
        }
        if (!normalisation.isEmpty()) {
            advice.add("train=" + String.join(":", normalisation));
        }
        return advice.isEmpty() ? Optional.empty() : Optional.of("to adapt more: " + String.join(",", advice));
    }

    private static Set<String> types(Plan plan, Predicate<LayerPlan> wanted) {
        return plan.layers().stream()
                .filter(wanted)
                .map(layer -> "type:" + layer.layer().type())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static String totals(long trainable, long all) {
        return String.format(
                Locale.ROOT,
                "trainable params: %,d || all params: %,d || trainable%%: %.4f",
                trainable,
                all,
                100.0 * trainable / Math.max(1, all));
    }

    /** Trained parameters of one layer. */
    private static long trained(LayerPlan layer, Map<String, Long> adapterEntries) {
        long vectors = layer.vectors().stream()
                .mapToLong(name -> layer.layer().parameters().getOrDefault(name, 0L))
                .sum();
        return switch (layer.role()) {
            case TARGET ->
                vectors
                        + layer.targets().stream()
                                .mapToLong(target -> entries(target, adapterEntries))
                                .sum();
            case FROZEN -> vectors;
            case TRAIN ->
                layer.layer().parameters().entrySet().stream()
                        .filter(parameter -> !layer.layer().statistics().contains(parameter.getKey()))
                        .mapToLong(Map.Entry::getValue)
                        .sum();
        };
    }

    private static long entries(Plan.Target target, Map<String, Long> adapterEntries) {
        Long entries = adapterEntries.get(target.key());
        if (entries == null) {
            throw new LowRankException("The report was given no number of adapter entries for the target '"
                    + target.key() + "'; it has them for " + adapterEntries.keySet() + ".");
        }
        return entries;
    }

    /** One line for each distinct choice of methods; the layers are listed only if there are several choices. */
    private static List<String> methods(Plan plan) {
        Map<String, List<String>> layersByMethods = new LinkedHashMap<>();
        for (Plan.Target target : plan.targets()) {
            layersByMethods
                    .computeIfAbsent(describe(target.settings()), methods -> new ArrayList<>())
                    .add(target.key());
        }
        Plan.TargetSettings joint = plan.joint();
        if (joint != null) {
            layersByMethods.put(describe(joint), List.of());
        }
        List<String> lines = new ArrayList<>();
        boolean several = layersByMethods.size() > 1;
        layersByMethods.forEach((methods, layers) ->
                lines.add("  methods: " + methods + (several ? " for " + String.join(", ", layers) : "")));
        lines.add("  rates: "
                + (plan.rule().rate().isPresent() ? plan.rule().rate().getAsDouble() + ", " : "") + "LoRA+ ratio "
                + plan.rule().loraPlusRatio() + ", bias "
                + word(bias(plan)) + ", seed "
                + (plan.rule().seed().isPresent() ? plan.rule().seed().getAsLong() : "of the network")
                + (plan.rule().loss().equals(Methods.STOCK)
                        ? ""
                        : ", loss " + plan.rule().loss())
                + (plan.rule().updater().equals(Methods.STOCK)
                        ? ""
                        : ", updater " + plan.rule().updater())
                + (plan.rule().weights() == NewWeights.STOCK
                        ? ""
                        : ", new weights "
                                + plan.rule()
                                        .weights()
                                        .name()
                                        .toLowerCase(Locale.ROOT)
                                        .replace('_', '-')));
        if (!plan.rule().average().equals(Methods.NONE)) {
            lines.add("  average: " + plan.rule().average()
                    + " of what trains, seen by output, evaluate, save and early stopping between two calls of fit");
        }
        return lines;
    }

    private static String describe(TargetSettings settings) {
        String init = settings.initialisation() == null ? "" : "init " + settings.initialisation() + ", ";
        String options = settings.options().isEmpty() ? "" : ", options " + settings.options();
        String bits = settings.bits() == 0
                ? ""
                : ", factors of " + settings.bits() + (settings.bits() == 1 ? " bit" : " bits");
        return init + "gradient " + settings.gradient() + ", update " + settings.update() + bits + options;
    }

    /** As the rule says, or as an update of the whole network wants it where the rule is silent. */
    private static BiasTraining bias(Plan plan) {
        boolean ofTargets = plan.layers().stream().anyMatch(layer -> layer.role() == Role.TARGET && layer.trainBias());
        BiasTraining ofRule = plan.rule().bias();
        return ofRule == BiasTraining.NONE && ofTargets ? BiasTraining.LORA_ONLY : ofRule;
    }

    private static String word(BiasTraining bias) {
        return bias.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static List<String> table(Plan plan, Map<String, Long> adapterEntries) {
        TextTable table = new TextTable(
                List.of("#", "layer", "type", "matrix", "role", "rank", "scale", "params", "trained", "because"),
                Set.of(0, 5, 6, 7, 8));
        List<LayerPlan> layers = plan.layers().stream()
                .filter(layer -> !layer.layer().parameters().isEmpty())
                .toList();
        Map<Object, List<LayerPlan>> alike = new LinkedHashMap<>();
        for (LayerPlan layer : layers) {
            // All but index and name.
            Object key = layers.size() > MOST_ROWS
                    ? row(List.of(layer), adapterEntries).subList(2, 10)
                    : layer.layer().name();
            alike.computeIfAbsent(key, first -> new ArrayList<>()).add(layer);
        }
        alike.values().forEach(same -> table.add(row(same, adapterEntries)));
        List<String> lines = new ArrayList<>(table.lines(WIDTH));
        int others = plan.layers().size() - layers.size();
        if (others > 0) {
            lines.add("  and " + others + (others == 1 ? " layer" : " layers") + " without parameters");
        }
        return lines;
    }

    /** The row of layers that are alike: the first one's index and name, and the numbers of all. */
    private static List<String> row(List<LayerPlan> alike, Map<String, Long> adapterEntries) {
        LayerPlan plan = alike.get(0);
        LayerShape layer = plan.layer();
        return List.of(
                Integer.toString(layer.index()),
                layer.name() + (alike.size() > 1 ? " and " + (alike.size() - 1) + " more" : ""),
                layer.type(),
                matrices(plan),
                plan.role().name().toLowerCase(Locale.ROOT) + (plan.trainBias() ? "+bias" : ""),
                ofTargets(plan, settings -> settings.usesRank() ? Integer.toString(settings.rank()) : UNUSED),
                ofTargets(
                        plan,
                        settings ->
                                settings.usesScale() ? String.format(Locale.ROOT, "%.4g", settings.scale()) : UNUSED),
                String.format(Locale.ROOT, "%,d", alike.size() * layer.parameterCount()),
                String.format(Locale.ROOT, "%,d", alike.size() * trained(plan, adapterEntries)),
                plan.because());
    }

    /** The sides of a layer's W; the names, too, of a layer with others: of those that are adapted, or of all. */
    private static String matrices(LayerPlan plan) {
        List<MatrixShape> shown = plan.targets().isEmpty()
                ? plan.layer().matrices()
                : plan.targets().stream().map(Plan.Target::matrix).toList();
        boolean onlyWeight = plan.layer().matrices().size() == 1
                && plan.layer().matrices().get(0).key().equals(plan.layer().name());
        return shown.stream()
                .map(matrix -> onlyWeight ? matrix.sides() : matrix.parameter() + " " + matrix.sides())
                .collect(Collectors.joining(" "));
    }

    /** One value if all targets of the layer have the same. */
    private static String ofTargets(LayerPlan plan, Function<TargetSettings, String> value) {
        return plan.targets().stream()
                .map(target -> value.apply(target.settings()))
                .distinct()
                .collect(Collectors.joining(" "));
    }

    private static String memory(Memory memory) {
        return "memory of training: gradient " + bytes(memory.gradientBytes()) + " (stock "
                + bytes(memory.stockGradientBytes()) + "), updater state " + bytes(memory.updaterBytes()) + " (stock "
                + bytes(memory.stockUpdaterBytes()) + ")";
    }

    private static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 1024 && unit < 3) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %ciB", value, "KMGT".charAt(unit));
    }

    /** At spaces alone, since what has none may be pasted as it is; what follows a break is indented. */
    private static void wrap(String line, List<String> lines) {
        String indent = "";
        String rest = line;
        do {
            int width = WIDTH - indent.length();
            int before = rest.length() <= width ? rest.length() : rest.lastIndexOf(' ', width);
            int after = rest.indexOf(' ', Math.min(width, rest.length()));
            int end = before > 0 ? before : after < 0 ? rest.length() : after;
            lines.add(indent + rest.substring(0, end));
            rest = rest.substring(end).stripLeading();
            indent = "    ";
        } while (!rest.isEmpty());
    }
}
