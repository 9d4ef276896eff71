package org.lowrank4j.kind;

import static org.lowrank4j.kind.Dl4jMembers.field;
import static org.lowrank4j.kind.Dl4jMembers.method;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.deeplearning4j.nn.layers.AbstractLayer;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.BaseOutputLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.lowrank4j.LowRankException;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the passes of a layer need of it and DL4J keeps protected. */
final class LayerInternals {

    private static final MethodHandle APPLY_DROPOUT =
            method(AbstractLayer.class, "applyDropOutIfNecessary", boolean.class, LayerWorkspaceMgr.class);
    private static final MethodHandle BACKPROP_DROPOUT =
            method(AbstractLayer.class, "backpropDropOutIfPresent", INDArray.class);
    private static final MethodHandle APPLY_MASK = method(AbstractLayer.class, "applyMask", INDArray.class);
    private static final MethodHandle PRE_OUTPUT =
            method(BaseLayer.class, "preOutputWithPreNorm", boolean.class, boolean.class, LayerWorkspaceMgr.class);
    private static final MethodHandle PRE_OUTPUT_2D =
            method(BaseOutputLayer.class, "preOutput2d", boolean.class, LayerWorkspaceMgr.class);
    private static final VarHandle SCORE = field(BaseLayer.class, "score", double.class);
    private static final VarHandle REGULARIZATION = field(BaseOutputLayer.class, "fullNetRegTerm", double.class);
    private static final MethodHandle LABELS_2D =
            method(BaseOutputLayer.class, "getLabels2d", LayerWorkspaceMgr.class, ArrayType.class);

    private LayerInternals() {}

    /** Keeps the score of an output layer in it, as its own computation does. */
    static void score(BaseOutputLayer<?> layer, double score, double regularization) {
        SCORE.set(layer, score);
        REGULARIZATION.set(layer, regularization);
    }

    /** z of an output layer, examples x units. */
    static INDArray preOutput2d(BaseOutputLayer<?> layer, boolean training, LayerWorkspaceMgr workspaces) {
        try {
            return (INDArray) PRE_OUTPUT_2D.invoke(layer, training, workspaces);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    static void applyDropout(BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        try {
            APPLY_DROPOUT.invoke(layer, true, workspaces);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    static INDArray backpropDropout(BaseLayer<?> layer, INDArray epsilon) {
        try {
            return (INDArray) BACKPROP_DROPOUT.invoke(layer, epsilon);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    static void applyMask(BaseLayer<?> layer, INDArray to) {
        try {
            APPLY_MASK.invoke(layer, to);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /** The pre-activation z and, with layer normalisation, x W before it. */
    @SuppressWarnings("unchecked")
    static Pair<INDArray, INDArray> preOutputWithPreNorm(BaseLayer<?> layer, LayerWorkspaceMgr workspaces) {
        try {
            return (Pair<INDArray, INDArray>) PRE_OUTPUT.invoke(layer, true, true, workspaces);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    static INDArray labels2d(BaseOutputLayer<?> layer, LayerWorkspaceMgr workspaces, ArrayType where) {
        try {
            return (INDArray) LABELS_2D.invoke(layer, workspaces, where);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    private static RuntimeException unchecked(Throwable thrown) {
        if (thrown instanceof RuntimeException runtime) {
            return runtime;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
        return new LowRankException("A DL4J layer failed: " + thrown.getMessage(), thrown);
    }
}
