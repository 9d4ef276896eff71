package org.lowrank4j.rule;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What one rule means for one network: every layer with its role. Printable without training.
 *
 * @param rule the rule that applied
 * @param shape the network that it was applied to
 * @param layers one entry for each layer of the shape, in its order
 * @param warnings sentences that the report shows and that do not stop training
 */
public record Plan(Rule rule, NetworkShape shape, List<LayerPlan> layers, List<String> warnings) {

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
                        warnings);
    }

    /** The same plan with one more warning. */
    public Plan withWarning(String sentence) {
        List<String> more = new ArrayList<>(warnings);
        more.add(sentence);
        return new Plan(rule, shape, layers, List.copyOf(more));
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
     * @param vectors names of the parameters that are trained although the layer is not trained in full
     * @param because the pattern or default that gave it this role, for the report
     */
    public record LayerPlan(
            NetworkShape.LayerShape layer,
            Role role,
            @org.jspecify.annotations.Nullable TargetSettings target,
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
            String found = "rank " + target.rank() + " asked for; " + because;
            return rank == 0
                    ? new LayerPlan(layer, Role.FROZEN, null, bias == BiasTraining.ALL ? vectors : List.of(), found)
                    : new LayerPlan(layer, role, target.withRank(rank), vectors, found);
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

        private TargetSettings withRank(int newRank) {
            double newAlpha = alpha * scaling.scale(alpha, rank) / scaling.scale(alpha, newRank);
            return new TargetSettings(newRank, newAlpha, scaling, initialisation, gradient, update, options);
        }

        /** s, the factor of the update s A B. */
        public double scale() {
            return scaling.scale(alpha, rank);
        }
    }
}
