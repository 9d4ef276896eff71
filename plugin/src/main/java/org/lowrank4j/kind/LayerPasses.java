package org.lowrank4j.kind;

import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs passes of one layer in the steps of an adapted network; outside of them DL4J does. Null, the default, leaves a call
 * to DL4J. Never keeps the layer, which each call brings along: a session that held it would hold the network.
 */
public interface LayerPasses {

    /** Instead of {@code activate} in training, with the layer's input set. */
    default @Nullable INDArray forward(BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        return null;
    }

    /**
     * Instead of {@code rnnActivateUsingStoredState} in training, with the layer's input set.
     *
     * @param keeps whether the layer keeps the state of the last step for the next stretch of the series
     */
    default @Nullable INDArray forwardFromState(BaseLayer<?> layer, boolean keeps, LayerWorkspaceMgr workspaces) {
        return null;
    }

    /**
     * Instead of {@code backpropGradient} of a layer without a loss.
     *
     * @param epsilon dL/dy, of the layer's output
     * @return the gradients of what is trained, by parameter, and dL/dx or null if nobody wants it
     */
    default @Nullable Pair<Gradient, INDArray> backward(
            BaseLayer<?> layer, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        return null;
    }

    /**
     * Instead of {@code tbpttBackpropGradient}.
     *
     * @param length how many steps the way back is, from the last one on
     */
    default @Nullable Pair<Gradient, INDArray> truncatedBackward(
            BaseLayer<?> layer, INDArray epsilon, int length, LayerWorkspaceMgr workspaces) {
        return null;
    }

    /**
     * Instead of {@code getGradientsAndDelta} of an output layer.
     *
     * @param preOutput z, what the activation is applied to, examples x units
     * @return the gradients of what is trained, by parameter, and dL/dz in the workspace for activation gradients
     */
    default @Nullable Pair<Gradient, INDArray> outputGradients(
            BaseLayer<?> layer, INDArray preOutput, LayerWorkspaceMgr workspaces) {
        return null;
    }

    /**
     * Instead of {@code computeScore} of an output layer.
     *
     * @param regularization the l1, l2 and weight decay terms, to be added
     */
    default @Nullable Double outputScore(
            BaseLayer<?> layer, double regularization, boolean inTraining, LayerWorkspaceMgr workspaces) {
        return null;
    }

    /**
     * What computes its convolutions, as reports name it; null, by default, for a layer that is none.
     *
     * @param type of the network's numbers
     * @throws LowRankException if another engine is asked for than there is for them
     */
    default @Nullable String convolutions(DataType type) {
        return null;
    }

    /** Drops what the forward pass kept for a backward pass that is over, or will not come. */
    default void forget() {}
}
