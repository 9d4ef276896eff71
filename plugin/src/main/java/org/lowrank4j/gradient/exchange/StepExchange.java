package org.lowrank4j.gradient.exchange;

import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.lowrank4j.method.Replication;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Exchanges the steps that the replicas' updaters made, through the accumulator that Deeplearning4j gives them. */
public non-sealed interface StepExchange extends Exchange {

    @Override
    default Replication replication() {
        return Replication.STEPS;
    }

    /**
     * Takes what others have sent before a replica's own step.
     *
     * @param steps receives the sum of it, rank 1
     * @return false if nothing has come, with zeros in the vector
     */
    boolean pending(GradientsAccumulator accumulator, INDArray steps);

    /**
     * Sends a replica's step and takes what all have sent. Waits for the other replicas.
     *
     * @param steps its own, rank 1; becomes what the replica goes on with
     * @return false if nothing has come, with zeros in the vector
     */
    boolean exchange(GradientsAccumulator accumulator, INDArray steps, int iteration, int epoch);
}
