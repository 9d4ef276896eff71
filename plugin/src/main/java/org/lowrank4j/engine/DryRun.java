package org.lowrank4j.engine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Methods;
import org.lowrank4j.report.PlanReport;
import org.lowrank4j.rule.Creation;
import org.lowrank4j.rule.NetworkShape;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Rule;
import org.lowrank4j.rule.RuleBook;

/**
 * What training under a rule would be, found out without training.
 *
 * @param plan the role of every layer
 * @param adapterEntries number of trained adapter entries of each target, by layer name; empty if it trains as stock
 * @param memory the bytes of gradient and updater; null if it trains as stock
 * @param stockReason why it would train as stock, as a clause; null if it would be adapted
 */
public record DryRun(
        Plan plan,
        Map<String, Long> adapterEntries,
        PlanReport.@Nullable Memory memory,
        @Nullable String stockReason) {

    /**
     * Plans for a network of which only this is known: no annotation and no creating class applies.
     *
     * @param model a MultiLayerNetwork or a ComputationGraph, initialised; not to be trained afterwards
     * @return empty if no rule applies
     * @throws LowRankException if the rule cannot be met in every part
     */
    public static Optional<DryRun> of(Model model, RuleBook rules) {
        NetworkParts network = NetworkParts.of(model);
        if (network == null) {
            throw new LowRankException("Rules apply to a MultiLayerNetwork or a ComputationGraph, and this is a "
                    + model.getClass().getSimpleName() + ".");
        }
        NetworkShape shape = network.shape();
        Optional<Rule> rule = rules.ruleFor(Creation.of(shape, 1, List.of()));
        return rule.map(found -> of(network, found));
    }

    private static DryRun of(NetworkParts network, Rule rule) {
        Methods methods = Methods.load();
        Plan plan = rule.plan(network.shape(), methods);
        String reason = StockReason.of(network);
        reason = reason != null ? reason : StockReason.after(network, plan);
        if (reason != null) {
            return new DryRun(plan, Map.of(), null, reason);
        }
        Session planned =
                SessionBuilder.resuming(plan, network, methods, Map.of()).build();
        return new DryRun(plan, planned.adapterEntries(), planned.memory(network), null);
    }
}
