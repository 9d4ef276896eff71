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
        String configuration;
        if (model instanceof MultiLayerNetwork network) {
            configuration = network.getLayerWiseConfigurations().toJson();
        } else if (model instanceof ComputationGraph graph) {
            configuration = graph.getConfiguration().toJson();
        } else {
            throw new IllegalArgumentException("a network was expected, not " + model.getClass());
        }
        return new NetworkState(configuration, model.params(), training);
    }
}
