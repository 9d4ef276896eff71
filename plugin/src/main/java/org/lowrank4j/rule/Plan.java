package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.registry.Methods;

/**
 * What one rule means for one network: every layer with its role. Printable without training.
 *
 * @param rule the rule that applied
 * @param shape the network that it was applied to
 * @param layers one entry for each layer of the shape, in its order
 * @param joint the settings of an update that moves the whole network, where no layer is a target of it; else null
 * @param warnings sentences that the report shows and that do not stop training
 */
public record Plan(
        Rule rule,
        NetworkShape shape,
        List<LayerPlan> layers,
        @Nullable TargetSettings joint,
        List<String> warnings) {

    /** Why a layer stays frozen that a rule could adapt, and adapts only where it names it. */
    public static final String ONLY_IF_NAMED = "adapted only if named";

    /** Why a layer trains in full that would be adapted, had anything trained it. */
    public static final String STILL_RANDOM = "default: still random";

    /** Among the settings, for an update that moves a network without targets. */
    private static final String WHOLE_NETWORK = "the whole network";

    /** @throws LowRankException if there are warnings and the rule is strict */
    public Plan {
        if (rule.strict() && !warnings.isEmpty()) {
            throw new LowRankException("strict=true stops on what would be a warning: " + String.join(" ", warnings));
        }
    }

    /** The settings of every adapter, and those of an update of the whole network without any. */
    public List<TargetSettings> allSettings() {
        List<TargetSettings> settings = new ArrayList<>();
        targets().forEach(target -> settings.add(target.settings()));
        if (joint != null) {
            settings.add(joint);
        }
        return settings;
    }

    /**
     * Requires that all settings name the same method with the same options.
     *
     * @param key of the method
     * @param method its name in settings
     * @param one of the settings
     * @param because what the method does that makes it one for all
     * @throws LowRankException if another has another method or other options
     */
    public void requireInCommon(
            String key, Function<TargetSettings, String> method, TargetSettings one, String because) {
        for (TargetSettings other : allSettings()) {
            if (!method.apply(other).equals(method.apply(one))
                    || !other.options().equals(one.options())) {
                throw new LowRankException(key + "=" + method.apply(one) + " (" + rule.source() + ") " + because
                        + ", and an override gives a layer another " + key
                        + " or other options. Give all layers the same.");
            }
        }
    }

    /** The targets of all layers, in their order. */
    public List<Target> targets() {
        return layers.stream().flatMap(layer -> layer.targets().stream()).toList();
    }

    /** One line per target, by its key, with everything that decides the shape and meaning of its state. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        for (Target target : targets()) {
            TargetSettings its = target.settings();
            settings.put(
                    target.key(),
                    "update=" + its.update() + " gradient=" + its.gradient() + " rank=" + its.rank() + " scale="
                            + its.scale() + " shape=" + target.matrix().sides()
                            + (its.bits() == 0 ? "" : " bits=" + its.bits())
                            + (rule.updater().equals(Methods.STOCK) ? "" : " updater=" + rule.updater())
                            + (rule.average().equals(Methods.NONE) ? "" : " average=" + rule.average()));
        }
        if (joint != null) {
            settings.put(WHOLE_NETWORK, "update=" + joint.update() + " " + joint.options());
        }
        return settings;
    }

    /**
     * The same plan with other ranks, found after planning. The scales stay, and a target of rank 0 is left frozen
     * as far as it was adapted.
     *
     * @param ranks by the target's key; a target without an entry keeps its rank
     */
    public Plan withRanks(Map<String, Integer> ranks) {
        return ranks.isEmpty()
                ? this
                : new Plan(
                        rule,
                        shape,
                        layers.stream()
                                .map(layer -> layer.withRank(ranks, rule.bias()))
                                .toList(),
                        joint,
                        warnings);
    }

    /**
     * The same plan with the scales of the ranks that were asked for where they were cut, as earlier versions trained.
     */
    public Plan withScalesAsked() {
        return new Plan(
                rule, shape, layers.stream().map(LayerPlan::withScaleAsked).toList(), joint, warnings);
    }

    /** The same plan with one more warning. */
    public Plan withWarning(String sentence) {
        List<String> more = new ArrayList<>(warnings);
        more.add(sentence);
        return new Plan(rule, shape, layers, joint, List.copyOf(more));
    }

    /** What happens to a layer's parameters. */
    public enum Role {
        /** Of its matrices, those in {@link LayerPlan#targets} are adapted; vectors train if {@link LayerPlan#vectors} has them. */
        TARGET,
        /** All parameters are trained in full, as stock. */
        TRAIN,
        /** No parameter is trained, except {@link LayerPlan#vectors}. */
        FROZEN
    }

    /**
     * One matrix that is adapted.
     *
     * @param matrix which
     * @param settings of its adapter
     * @param cutFrom the settings that the rule asks for, if their rank is more than fits the matrix; else null
     */
    public record Target(
            NetworkShape.MatrixShape matrix,
            TargetSettings settings,
            @Nullable TargetSettings cutFrom) {

        private Target withRank(int rank) {
            return new Target(matrix, settings.withRank(rank), cutFrom);
        }

        private Target withScaleAsked() {
            return cutFrom == null
                    ? this
                    : new Target(matrix, cutFrom.withRank(settings.rank()).withOptions(settings.options()), cutFrom);
        }

        /** What identifies it: {@link NetworkShape.MatrixShape#key()}. */
        public String key() {
            return matrix.key();
        }
    }

    /**
     * One layer.
     *
     * @param layer its shape
     * @param role what happens to it
     * @param targets its matrices that are adapted; some for {@link Role#TARGET}, none for the others
     * @param vectors names of the parameters that are trained although the layer is not trained in full
     * @param because the pattern or default that gave it this role, for the report
     */
    public record LayerPlan(
            NetworkShape.LayerShape layer, Role role, List<Target> targets, List<String> vectors, String because) {

        /** Whether vectors are trained although the layer is not trained in full. */
        public boolean trainBias() {
            return !vectors.isEmpty();
        }

        /** @param bias what the rule says of vectors: those of a layer that is no target any more may train all the same */
        private LayerPlan withRank(Map<String, Integer> ranks, BiasTraining bias) {
            List<Target> ranked = new ArrayList<>();
            String found = because;
            for (Target target : targets) {
                int asked = target.settings().rank();
                int rank = ranks.getOrDefault(target.key(), asked);
                if (rank != asked && found.equals(because)) {
                    found = asked(asked, because);
                }
                if (rank > 0) {
                    ranked.add(rank == asked ? target : target.withRank(rank));
                }
            }
            return ranked.isEmpty() && role == Role.TARGET
                    ? new LayerPlan(layer, Role.FROZEN, ranked, bias == BiasTraining.ALL ? vectors : List.of(), found)
                    : new LayerPlan(layer, role, List.copyOf(ranked), vectors, found);
        }

        private LayerPlan withScaleAsked() {
            return new LayerPlan(
                    layer, role, targets.stream().map(Target::withScaleAsked).toList(), vectors, because);
        }

        /** Why the layer has its role, where it has not the rank that the rule asks for. */
        static String asked(int rank, String because) {
            return "rank " + rank + " asked for; " + because;
        }
    }

    /**
     * The settings of one adapter after rule and overrides.
     *
     * @param rank r
     * @param alpha numerator of the scale
     * @param scaling how the scale follows from alpha and rank
     * @param initialisation name of the initialisation, null if none starts the update
     * @param gradient name of the gradient approximation
     * @param update name of the low-rank update
     * @param bits of each number of the factors, 1 to 8; 0 for full precision
     * @param options what the user wrote, keyed {@code method.option}
     * @param usesRank whether the rank means anything to gradient or update
     * @param usesScale whether the scale means anything to the update
     */
    public record TargetSettings(
            int rank,
            double alpha,
            Scaling scaling,
            @Nullable String initialisation,
            String gradient,
            String update,
            int bits,
            Map<String, String> options,
            boolean usesRank,
            boolean usesScale) {

        /** The same with another rank and the alpha that leaves the scale as it is. */
        TargetSettings withRank(int newRank) {
            double newAlpha = alpha * scaling.scale(alpha, rank) / scaling.scale(alpha, newRank);
            return new TargetSettings(
                    newRank, newAlpha, scaling, initialisation, gradient, update, bits, options, usesRank, usesScale);
        }

        TargetSettings withOptions(Map<String, String> others) {
            return new TargetSettings(
                    rank,
                    alpha,
                    scaling,
                    initialisation,
                    gradient,
                    update,
                    bits,
                    Map.copyOf(others),
                    usesRank,
                    usesScale);
        }

        /** s, the factor of the update s A B. */
        public double scale() {
            return scaling.scale(alpha, rank);
        }
    }
}
