package org.lowrank4j.gradient.exchange;

import java.util.List;
import java.util.function.Function;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Exchanges the gradients of every step, before the updater sees them. All replicas wait for the last one. */
public non-sealed interface GradientExchange extends Exchange {

    @Override
    default Replication replication() {
        return Replication.GRADIENTS;
    }

    /**
     * Reads the options.
     *
     * @return what makes the steps of one fit, in which replicas persist
     * @throws org.lowrank4j.LowRankException if an option is refused
     */
    Function<ExchangedGradient, Steps> steps(OptionValues options);

    /**
     * One replica's part in a step.
     *
     * @param replica its number, from 0
     * @param vector its gradient, the mean over its own minibatch
     * @param examples in that minibatch
     */
    record Part(int replica, INDArray vector, int examples) {}

    /** The steps of one fit. */
    interface Steps {

        /**
         * Combines the gradients of one step. Called outside any workspace, by one thread at a time.
         *
         * @param parts of the replicas that take the step, in their order; all vectors become what the replicas go on with
         * @return the bytes that all replicas together have sent
         */
        long combine(List<Part> parts);

        /** Bytes that a replica sends in a step, once it sends no more than it has to. */
        long bytes();

        /** What else the user should know of what is sent, to stand in brackets; empty for nothing. */
        default String remark() {
            return "";
        }
    }
}
