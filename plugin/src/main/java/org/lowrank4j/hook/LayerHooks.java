package org.lowrank4j.hook;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.AdaptedGradients;
import org.lowrank4j.engine.AdaptedLayer;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.WatchedLayer;
import org.lowrank4j.kind.LayerPasses;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The passes of one layer; null leaves each to DL4J. */
public final class LayerHooks {

    private LayerHooks() {}

    /** Instead of {@code activate(boolean, LayerWorkspaceMgr)}. */
    public static @Nullable Object activate(Object layer, boolean training, Object workspaces) {
        LayerPasses passes = training ? inStep(layer) : null;
        return passes == null ? null : passes.forward((BaseLayer<?>) layer, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of {@code activate(INDArray, boolean, LayerWorkspaceMgr)} of a layer that has its own. */
    public static @Nullable Object activateInput(Object layer, Object input, boolean training, Object workspaces) {
        LayerPasses passes = training ? inStep(layer) : null;
        return passes == null ? null : passes.forward(shown(layer, input, workspaces), (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of {@code rnnActivateUsingStoredState}. */
    public static @Nullable Object activateFromState(
            Object layer, Object input, boolean training, boolean keeps, Object workspaces) {
        LayerPasses passes = training ? inStep(layer) : null;
        return passes == null
                ? null
                : passes.forwardFromState(shown(layer, input, workspaces), keeps, (LayerWorkspaceMgr) workspaces);
    }

    private static BaseLayer<?> shown(Object layer, Object input, Object workspaces) {
        BaseLayer<?> base = (BaseLayer<?>) layer;
        base.setInput((INDArray) input, (LayerWorkspaceMgr) workspaces);
        return base;
    }

    /** Instead of {@code tbpttBackpropGradient}. */
    public static @Nullable Object truncatedBackward(Object layer, Object epsilon, int length, Object workspaces) {
        LayerPasses passes = inStep(layer);
        return passes == null
                ? null
                : passes.truncatedBackward(
                        (BaseLayer<?>) layer, (INDArray) epsilon, length, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of {@code backpropGradient}. */
    public static @Nullable Object backward(Object layer, Object epsilon, Object workspaces) {
        LayerPasses passes = inStep(layer);
        return passes == null
                ? null
                : passes.backward((BaseLayer<?>) layer, (INDArray) epsilon, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of an output layer's {@code getGradientsAndDelta}. */
    public static @Nullable Object outputGradients(Object layer, Object preOutput, Object workspaces) {
        LayerPasses passes = inStep(layer);
        return passes == null
                ? null
                : passes.outputGradients((BaseLayer<?>) layer, (INDArray) preOutput, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of an output layer's {@code computeScore}. */
    public static @Nullable Object outputScore(
            Object layer, double regularization, boolean training, Object workspaces) {
        LayerPasses passes = inStep(layer);
        return passes == null
                ? null
                : passes.outputScore((BaseLayer<?>) layer, regularization, training, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of {@code calcRegularizationScore} of any layer. */
    public static @Nullable Object regularizationScore(Object layer, boolean backpropParamsOnly) {
        if (RulesInForce.none() || !(layer instanceof Layer plain)) {
            return null;
        }
        WatchedLayer watched = WatchedLayer.of(layer);
        if (watched != null) {
            return watched.regularizationScore(plain.getIterationCount(), plain.getEpochCount());
        }
        AdaptedLayer adapted = layer instanceof BaseLayer<?> base ? AdaptedLayer.of(base) : null;
        return adapted == null ? null : adapted.regularizationScore(plain.getIterationCount(), plain.getEpochCount());
    }

    /** Before {@code backpropGradient} and {@code tbpttBackpropGradient} of any layer, {@code doBackward} of any vertex. */
    public static @Nullable Object backwardBegins(Object layer) {
        WatchedLayer watched = RulesInForce.none() ? null : WatchedLayer.of(layer);
        if (watched != null) {
            watched.backwardBegins();
        }
        return watched;
    }

    /** After them. */
    public static void backwardEnds(Object layer, @Nullable Object watched, @Nullable Throwable thrown) {
        if (watched != null) {
            ((WatchedLayer) watched).backwardEnds(layer, thrown);
        }
    }

    private static @Nullable LayerPasses inStep(Object layer) {
        return RulesInForce.none() ? null : AdaptedGradients.inStep((BaseLayer<?>) layer);
    }
}
