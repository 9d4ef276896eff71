package org.lowrank4j.file;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A whole network between two steps, as a zip holds it.
 *
 * @param configuration as JSON, with the counts of iterations and epochs
 * @param parameters all of them, 1 x n; live where no other thread trains the network, else a copy
 * @param training what resumption needs besides
 */
public record NetworkState(String configuration, INDArray parameters, TrainingState training) {

    /** The state of a network that nobody trains meanwhile. */
    public static NetworkState of(Model model, TrainingState training) {
        return new NetworkState(configuration(model), model.params(), training);
    }

    /** The configuration of a network as JSON. */
    static String configuration(Model model) {
        if (model instanceof MultiLayerNetwork network) {
            return network.getLayerWiseConfigurations().toJson();
        }
        if (model instanceof ComputationGraph graph) {
            return graph.getConfiguration().toJson();
        }
        throw new IllegalArgumentException("a network was expected, not " + model.getClass());
    }
}
