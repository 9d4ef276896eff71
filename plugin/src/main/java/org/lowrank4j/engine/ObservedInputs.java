package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.InputStatistics;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * What initialisations that learn from the inputs of their layers saw in forward passes of the calibration batches, and
 * the ranks that they chose from it.
 *
 * @param statistics by layer
 * @param ranks by layer, only where they differ from the plan's
 * @param nanos that it took
 */
record ObservedInputs(Map<String, InputStatistics> statistics, Map<String, Integer> ranks, long nanos) {

    /** Nothing observed. */
    static final ObservedInputs NONE = new ObservedInputs(Map.of(), Map.of(), 0);

    /** One target whose inputs are wanted. */
    private static final class Observed {
        final Initialisation init;
        final TargetWeight target;
        final int part;
        final InputStatistics statistics;
        final int batches;
        int seen;
        int finite;

        Observed(Initialisation init, TargetWeight target, int part) {
            this.init = init;
            this.target = target;
            this.part = part;
            statistics = init.statistics(target);
            batches = init.batches(target.optionsOf(init));
        }

        boolean wantsMore() {
            return seen < batches && !statistics.settled();
        }

        void observe(INDArray rows) {
            seen++;
            if (rows.size(0) > 0 && Double.isFinite(rows.sumNumber().doubleValue())) {
                finite++;
                statistics.observe(rows);
            }
        }

        Start start(NetworkParts network) {
            return PendingStart.start(
                    init, target, network.learningRate(network.parts().get(part)), null, statistics);
        }
    }

    /**
     * Lets the calibration batches pass.
     *
     * @param batches read ahead; empty for the minibatch that the network works on
     * @throws LowRankException if a layer saw no finite input
     */
    static ObservedInputs of(NetworkParts network, Plan plan, Methods methods, List<MultiDataSet> batches) {
        long begun = System.nanoTime();
        List<Observed> wanted = wanted(network, plan, methods);
        if (wanted.isEmpty()) {
            return NONE;
        }
        int most = wanted.stream().mapToInt(observed -> observed.batches).max().orElse(0);
        try (Calibration calibration = new Calibration(network, batches)) {
            calibration.each(most, () -> {
                network.passForward();
                List<Part> parts = network.parts();
                for (Observed observed : wanted) {
                    if (observed.wantsMore()
                            && parts.get(observed.part).layer() instanceof BaseLayer<?> layer
                            && layer.input() != null) {
                        observed.observe(LayerInputs.rows(layer, layer.input()));
                    }
                }
                return wanted.stream().anyMatch(Observed::wantsMore);
            });
        }
        Map<String, InputStatistics> statistics = new HashMap<>();
        for (Observed observed : wanted) {
            if (observed.finite == 0) {
                throw new LowRankException("init '" + observed.init.name() + "' learns from the inputs of layer '"
                        + observed.target.layer() + "', and none of " + observed.seen
                        + " calibration batches gave it any finite ones. Nothing was changed. Look for NaN or infinite"
                        + " values in the data, and for masks that leave out every step.");
            }
            statistics.put(observed.target.layer(), observed.statistics);
        }
        Map<String, Integer> ranks = ranks(network, wanted);
        return new ObservedInputs(statistics, ranks, System.nanoTime() - begun);
    }

    private static List<Observed> wanted(NetworkParts network, Plan plan, Methods methods) {
        TargetWeights targets = new TargetWeights(plan, network);
        List<Part> parts = network.parts();
        List<Observed> wanted = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            LayerPlan layer = plan.layers().get(i);
            if (layer.role() == Role.TARGET
                    && !layer.settings().initialisation().isEmpty()) {
                Initialisation init = methods.initialisation(
                        layer.settings().initialisation(), plan.rule().source());
                if (init.need() == Initialisation.Need.INPUTS) {
                    wanted.add(new Observed(init, targets.of(layer, parts.get(i)), i));
                }
            }
        }
        return wanted;
    }

    private static Map<String, Integer> ranks(NetworkParts network, List<Observed> all) {
        Map<Initialisation, List<Observed>> byInit = new LinkedHashMap<>();
        all.forEach(observed ->
                byInit.computeIfAbsent(observed.init, init -> new ArrayList<>()).add(observed));
        Map<String, Integer> ranks = new LinkedHashMap<>();
        byInit.forEach((init, targets) -> {
            int[] chosen = init.ranks(
                    targets.stream().map(target -> target.start(network)).toList());
            for (int i = 0; i < chosen.length; i++) {
                if (chosen[i] != targets.get(i).target.rank()) {
                    ranks.put(targets.get(i).target.layer(), chosen[i]);
                }
            }
        });
        return ranks;
    }

    /** The statistics of one layer; null if nothing wanted any. */
    @Nullable InputStatistics of(String layer) {
        return statistics.get(layer);
    }
}
