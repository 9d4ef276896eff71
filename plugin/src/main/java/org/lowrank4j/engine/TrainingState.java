package org.lowrank4j.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lowrank4j.rule.Plan;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What exact resumption needs besides the network's own parameters, apart from any network: kept in the {@code lowrank/}
 * entry of a model zip, and handed from a network to its clone.
 *
 * @param settings per adapted layer, what the state was made under; a state fits only the same settings
 * @param ranks by adapted layer, where calibration found other ranks than the settings name
 * @param tensors {@code adapter/LAYER/NAME} and {@code updater/LAYER/NAME}
 * @param hasUpdater whether the updater's state is among them
 */
public record TrainingState(
        Map<String, String> settings, Map<String, Integer> ranks, Map<String, INDArray> tensors, boolean hasUpdater) {

    static final String ADAPTER = "adapter/";
    static final String UPDATER = "updater/";

    /** One line per layer that the rule adapts with everything that decides the shape and meaning of its state. */
    static Map<String, String> settings(Plan plan) {
        Map<String, String> settings = new LinkedHashMap<>();
        for (Plan.LayerPlan layer : plan.layers()) {
            if (layer.role() == Plan.Role.TARGET) {
                Plan.TargetSettings target = layer.settings();
                settings.put(
                        layer.layer().name(),
                        "update=" + target.update() + " gradient=" + target.gradient() + " rank=" + target.rank()
                                + " scale=" + target.scale() + " shape="
                                + layer.layer().inputs() + "x" + layer.layer().outputs());
            }
        }
        return settings;
    }

    /** The tensors whose names start with a prefix, without it. */
    Map<String, INDArray> under(String prefix) {
        Map<String, INDArray> found = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), tensor);
            }
        });
        return found;
    }
}
