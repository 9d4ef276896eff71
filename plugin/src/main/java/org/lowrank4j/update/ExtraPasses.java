package org.lowrank4j.update;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the targets of a network need of a step's minibatch besides the step's own gradient: gradients at weights near by,
 * or for other labels. Targets that need it together share one object.
 */
public interface ExtraPasses {

    /**
     * Whether the network's own outputs are used as labels, so that all of its output layers must be a softmax with the
     * cross-entropy. The engine refuses other networks before anything is trained.
     */
    default boolean learnsFromOutputs() {
        return false;
    }

    /**
     * Called once in every step, outside any workspace, after {@link TargetUpdate#beforeForward} of all targets and before
     * the step's own passes. Weights may be moved here. They must be back, bit for bit, when this method ends, also where
     * it ends with an exception.
     */
    void run(Passes passes);

    /**
     * The minibatch of the step that begins, passed through the network as often as asked. Every pass draws the random
     * numbers, sees the masks and goes on from the recurrent state that the step's own passes will; no listener hears of
     * it, and none of it is left afterwards.
     */
    interface Passes {

        /**
         * Passes the minibatch forward and backward at the present weights.
         *
         * @return whether all gradients are finite. If not, the step will be left out, and there is no use in going on
         */
        boolean gradients();

        /**
         * The gradients of one target from the last {@link #gradients}: of the mean loss, as the updater would get them, but
         * without gradient normalisation, l1, l2 and weight decay.
         *
         * @return one view per tensor; the next pass overwrites them
         */
        INDArray[] gradientsOf(TargetUpdate target);

        /** What the network's output layers answer at the present weights, in training, as arrays of their own. */
        INDArray[] outputs();

        /**
         * Passes the minibatch forward and backward at the present weights with other labels, and adds all gradients to
         * those of the step's own passes, for everything that the network trains. Running statistics are not touched.
         *
         * @param labels one array per output layer, of the shapes of the user's
         * @return as {@link #gradients}
         */
        boolean addGradients(INDArray[] labels);
    }
}
