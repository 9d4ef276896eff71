package org.lowrank4j.hook;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.BaseOutputLayer;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.AdaptedLayer;
import org.lowrank4j.engine.FrozenBatchNormalization;
import org.lowrank4j.engine.ReplacedLoss;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.WatchedLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The passes of one layer; null leaves each to DL4J. */
public final class LayerHooks {

    private LayerHooks() {}

    /** Instead of {@code BaseLayer.activate(boolean, LayerWorkspaceMgr)}. */
    public static @Nullable Object activate(Object layer, boolean training, Object workspaces) {
        AdaptedLayer adapted = training ? inStep(layer) : null;
        return adapted == null || layer instanceof BaseOutputLayer
                ? null
                : adapted.forward((BaseLayer<?>) layer, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of {@code BaseLayer.backpropGradient}. */
    public static @Nullable Object backward(Object layer, Object epsilon, Object workspaces) {
        AdaptedLayer adapted = inStep(layer);
        return adapted == null
                ? null
                : adapted.backward((BaseLayer<?>) layer, (INDArray) epsilon, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of {@code BaseOutputLayer.getGradientsAndDelta}. */
    public static @Nullable Object outputGradients(Object layer, Object preOutput, Object workspaces) {
        if (RulesInForce.none()) {
            return null;
        }
        BaseOutputLayer<?> output = (BaseOutputLayer<?>) layer;
        AdaptedLayer adapted = inStep(layer);
        if (adapted != null) {
            return adapted.outputGradients(output, (INDArray) preOutput, (LayerWorkspaceMgr) workspaces);
        }
        ReplacedLoss loss = ReplacedLoss.inStep(output);
        return loss == null ? null : loss.gradients(output, (INDArray) preOutput, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of {@code BaseOutputLayer.computeScore}. */
    public static @Nullable Object outputScore(
            Object layer, double regularization, boolean training, Object workspaces) {
        if (RulesInForce.none()) {
            return null;
        }
        BaseOutputLayer<?> output = (BaseOutputLayer<?>) layer;
        ReplacedLoss loss = ReplacedLoss.inStep(output);
        return loss == null ? null : loss.score(output, regularization, training, (LayerWorkspaceMgr) workspaces);
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

    /** Instead of {@code BatchNormalization.activate(boolean, LayerWorkspaceMgr)}. */
    public static @Nullable Object normalise(Object layer, boolean training, Object workspaces) {
        BatchNormalization normalisation = (BatchNormalization) layer;
        FrozenBatchNormalization frozen =
                RulesInForce.none() || !training ? null : FrozenBatchNormalization.inStep(normalisation);
        return frozen == null ? null : frozen.forward(normalisation, (LayerWorkspaceMgr) workspaces);
    }

    /** Instead of {@code BatchNormalization.backpropGradient}. */
    public static @Nullable Object normaliseBackward(Object layer, Object epsilon, Object workspaces) {
        BatchNormalization normalisation = (BatchNormalization) layer;
        FrozenBatchNormalization frozen = RulesInForce.none() ? null : FrozenBatchNormalization.inStep(normalisation);
        return frozen == null
                ? null
                : frozen.backward(normalisation, (INDArray) epsilon, (LayerWorkspaceMgr) workspaces);
    }

    private static @Nullable AdaptedLayer inStep(Object layer) {
        if (RulesInForce.none()) {
            return null;
        }
        AdaptedLayer adapted = AdaptedLayer.of((BaseLayer<?>) layer);
        return adapted != null && adapted.inStep() ? adapted : null;
    }
}
