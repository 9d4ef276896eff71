package org.lowrank4j.engine;

import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.lowrank4j.LowRankException;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.TargetSettings;
import org.lowrank4j.update.SharedArrays;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Makes the {@link TargetWeight} of each target of a plan: its seed, its settings and what it shares with the others. */
final class TargetWeights {

    private final Plan plan;
    private final NetworkParts network;
    private final Map<String, SharedArrays> sharedByUpdate = new HashMap<>();

    TargetWeights(Plan plan, NetworkParts network) {
        this.plan = plan;
        this.network = network;
    }

    TargetWeight of(LayerPlan layer, Part part) {
        TargetSettings settings = layer.settings();
        INDArray weight = part.parameters().get(DefaultParamInitializer.WEIGHT_KEY);
        if (weight == null) {
            throw new LowRankException("Layer " + part.shape().name() + " has no weight W to adapt.");
        }
        return new TargetWeight(
                part.shape().name(),
                weight,
                settings.rank(),
                settings.alpha(),
                settings.scale(),
                seed(part.shape().name()),
                settings.options(),
                sharedByUpdate.computeIfAbsent(settings.update(), this::shared));
    }

    private long seed(String purpose) {
        return AdapterSeed.of(
                plan.rule().seed().orElse(network.configuration().getSeed()),
                plan.rule().id(),
                purpose);
    }

    private SharedArrays shared(String update) {
        long inputs = 0;
        long outputs = 0;
        for (LayerPlan layer : plan.layers()) {
            if (layer.role() == Role.TARGET && layer.settings().update().equals(update)) {
                inputs = Math.max(inputs, layer.layer().inputs());
                outputs = Math.max(outputs, layer.layer().outputs());
            }
        }
        return new SharedArrays(sharedSeed(update), inputs, outputs);
    }

    /** The seed of what all targets with one update have in common. */
    long sharedSeed(String update) {
        return seed("update " + update);
    }
}
