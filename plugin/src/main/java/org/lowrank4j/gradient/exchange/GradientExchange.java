package org.lowrank4j.gradient.exchange;

import java.util.List;
import org.lowrank4j.method.Replication;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Exchanges the gradients of every step, before the updater sees them. All replicas wait for the last one. */
public non-sealed interface GradientExchange extends Exchange {

    @Override
    default Replication replication() {
        return Replication.GRADIENTS;
    }

    /**
     * Combines the gradients of one step. Called outside any workspace.
     *
     * @param gradients one vector for each replica that takes the step, in the order of the replicas, each the mean over
     *     its own minibatch; all of them become what the replicas go on with
     * @param examples in each minibatch
     */
    void combine(List<INDArray> gradients, List<Integer> examples);
}
