package org.lowrank4j.initialisation;

import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.lowrank4j.method.OptionValues;

/**
 * What an {@link Initialisation} that also replaces parameters of other layers may look at.
 *
 * @param network a MultiLayerNetwork or ComputationGraph as it is before any start; its arrays are never to be written
 * @param started the layers whose factors this initialisation starts with these options
 * @param others the layers that something else starts
 * @param options of this initialisation
 */
public record NetworkStart(Model network, Set<String> started, Set<String> others, OptionValues options) {

    public NetworkStart {
        started = Set.copyOf(started);
        others = Set.copyOf(others);
    }
}
