package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;

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

    /** @throws LowRankException if there are warnings and the rule is strict */
    public Plan {
        if (rule.strict() && !warnings.isEmpty()) {
            throw new LowRankException("strict=true stops on what would be a warning: " + String.join(" ", warnings));
        }
    }

    /** The settings of every adapter, and those of an update of the whole network without any. */
    public List<TargetSettings> allSettings() {
        List<TargetSettings> settings = new ArrayList<>();
        for (LayerPlan layer : layers) {
            if (layer.role() == Role.TARGET) {
                settings.add(layer.settings());
            }
        }
        if (joint != null) {
            settings.add(joint);
        }
        return settings;
    }

    /**
     * The same plan with other ranks, found after planning. The scales stay, and a target of rank 0 is left frozen
     * as far as it was adapted.
     *
     * @param ranks by layer name; a target without an entry keeps its rank
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
        /** W is adapted by a low-rank method; its vectors are trained if {@link LayerPlan#vectors} has them. */
        TARGET,
        /** All parameters are trained in full, as stock. */
        TRAIN,
        /** No parameter is trained, except {@link LayerPlan#vectors}. */
        FROZEN
    }

    /**
     * One layer.
     *
     * @param layer its shape
     * @param role what happens to it
     * @param target the settings of the adapter; only for {@link Role#TARGET}
     * @param cutFrom the settings that the rule asks for, if their rank is more than fits the layer; else null
     * @param vectors names of the parameters that are trained although the layer is not trained in full
     * @param because the pattern or default that gave it this role, for the report
     */
    public record LayerPlan(
            NetworkShape.LayerShape layer,
            Role role,
            @Nullable TargetSettings target,
            @Nullable TargetSettings cutFrom,
            List<String> vectors,
            String because) {

        /** Whether vectors are trained although the layer is not trained in full. */
        public boolean trainBias() {
            return !vectors.isEmpty();
        }

        /** @param bias what the rule says of vectors: those of a layer that is no target any more may train all the same */
        private LayerPlan withRank(Map<String, Integer> ranks, BiasTraining bias) {
            if (target == null || !ranks.containsKey(layer.name())) {
                return this;
            }
            int rank = ranks.get(layer.name());
            if (rank == target.rank()) {
                return this;
            }
            String found = asked(target.rank(), because);
            return rank == 0
                    ? new LayerPlan(
                            layer, Role.FROZEN, null, null, bias == BiasTraining.ALL ? vectors : List.of(), found)
                    : new LayerPlan(layer, role, target.withRank(rank), cutFrom, vectors, found);
        }

        private LayerPlan withScaleAsked() {
            return target == null || cutFrom == null
                    ? this
                    : new LayerPlan(
                            layer,
                            role,
                            cutFrom.withRank(target.rank()).withOptions(target.options()),
                            cutFrom,
                            vectors,
                            because);
        }

        /** Why the layer has its role, where it has not the rank that the rule asks for. */
        static String asked(int rank, String because) {
            return "rank " + rank + " asked for; " + because;
        }

        /** The settings of a target. */
        public TargetSettings settings() {
            if (target == null) {
                throw new IllegalStateException("layer " + layer.name() + " is no target");
            }
            return target;
        }
    }

    /**
     * The settings of one adapter after rule and overrides.
     *
     * @param rank r
     * @param alpha numerator of the scale
     * @param scaling how the scale follows from alpha and rank
     * @param initialisation name of the initialisation, empty if the update has no factors
     * @param gradient name of the gradient approximation
     * @param update name of the low-rank update
     * @param options what the user wrote, keyed {@code method.option}
     */
    public record TargetSettings(
            int rank,
            double alpha,
            Scaling scaling,
            String initialisation,
            String gradient,
            String update,
            Map<String, String> options) {

        /** The same with another rank and the alpha that leaves the scale as it is. */
        TargetSettings withRank(int newRank) {
            double newAlpha = alpha * scaling.scale(alpha, rank) / scaling.scale(alpha, newRank);
            return new TargetSettings(newRank, newAlpha, scaling, initialisation, gradient, update, options);
        }

        TargetSettings withOptions(Map<String, String> others) {
            return new TargetSettings(rank, alpha, scaling, initialisation, gradient, update, Map.copyOf(others));
        }

        /** s, the factor of the update s A B. */
        public double scale() {
            return scaling.scale(alpha, rank);
        }
    }
}
