package org.lowrank4j.engine;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.AbstractLayer;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.BaseOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The members that DL4J keeps protected and that training an adapted network needs. All of them exist in 1.0.0-M2.1;
 * with another shape of DL4J this class fails to initialise, naming the member.
 */
final class Dl4jInternals {

    private static final VarHandle MLN_GRADIENTS = field(MultiLayerNetwork.class, "flattenedGradients", INDArray.class);
    private static final VarHandle GRAPH_GRADIENTS =
            field(ComputationGraph.class, "flattenedGradients", INDArray.class);
    private static final VarHandle MLN_LISTENERS =
            field(MultiLayerNetwork.class, "trainingListeners", Collection.class);
    private static final VarHandle GRAPH_LISTENERS =
            field(ComputationGraph.class, "trainingListeners", Collection.class);
    private static final VarHandle GRAPH_LABELS = field(ComputationGraph.class, "labels", INDArray[].class);
    private static final VarHandle GRADIENT_VIEWS = field(BaseLayer.class, "gradientViews", Map.class);
    private static final VarHandle GRADIENTS_FLATTENED = field(BaseLayer.class, "gradientsFlattened", INDArray.class);
    private static final MethodHandle APPLY_DROPOUT =
            method(AbstractLayer.class, "applyDropOutIfNecessary", boolean.class, LayerWorkspaceMgr.class);
    private static final MethodHandle BACKPROP_DROPOUT =
            method(AbstractLayer.class, "backpropDropOutIfPresent", INDArray.class);
    private static final MethodHandle APPLY_MASK = method(AbstractLayer.class, "applyMask", INDArray.class);
    private static final MethodHandle PRE_OUTPUT =
            method(BaseLayer.class, "preOutputWithPreNorm", boolean.class, boolean.class, LayerWorkspaceMgr.class);
    private static final MethodHandle LABELS_2D =
            method(BaseOutputLayer.class, "getLabels2d", LayerWorkspaceMgr.class, ArrayType.class);

    private Dl4jInternals() {}

    static void flattenedGradients(MultiLayerNetwork network, @Nullable INDArray gradients) {
        MLN_GRADIENTS.set(network, gradients);
    }

    static void flattenedGradients(ComputationGraph network, @Nullable INDArray gradients) {
        GRAPH_GRADIENTS.set(network, gradients);
    }

    /** Replaces the listeners; those of the layers and of the optimizer stay. */
    @SuppressWarnings("unchecked")
    static Collection<TrainingListener> listeners(MultiLayerNetwork network, Collection<TrainingListener> listeners) {
        return (Collection<TrainingListener>) MLN_LISTENERS.getAndSet(network, listeners);
    }

    /** Replaces the listeners; those of the layers and of the optimizer stay. */
    @SuppressWarnings("unchecked")
    static Collection<TrainingListener> listeners(ComputationGraph network, Collection<TrainingListener> listeners) {
        return (Collection<TrainingListener>) GRAPH_LISTENERS.getAndSet(network, listeners);
    }

    static INDArray[] labels(ComputationGraph network) {
        return (INDArray[]) GRAPH_LABELS.get(network);
    }

    @SuppressWarnings("unchecked")
    static @Nullable Map<String, INDArray> gradientViews(BaseLayer<?> layer) {
        return (Map<String, INDArray>) GRADIENT_VIEWS.get(layer);
    }

    static void gradientViews(BaseLayer<?> layer, Map<String, INDArray> views, INDArray flattened) {
        GRADIENT_VIEWS.set(layer, views);
        GRADIENTS_FLATTENED.set(layer, flattened);
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

    static INDArray labels2d(BaseOutputLayer<?> layer, LayerWorkspaceMgr workspaces) {
        try {
            return (INDArray) LABELS_2D.invoke(layer, workspaces, ArrayType.BP_WORKING_MEM);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    private static VarHandle field(Class<?> owner, String name, Class<?> type) {
        try {
            return MethodHandles.privateLookupIn(owner, MethodHandles.lookup()).findVarHandle(owner, name, type);
        } catch (ReflectiveOperationException missing) {
            throw otherShape(owner, name, missing);
        }
    }

    private static MethodHandle method(Class<?> owner, String name, Class<?>... parameters) {
        try {
            Method method = owner.getDeclaredMethod(name, parameters);
            method.setAccessible(true);
            return MethodHandles.lookup().unreflect(method);
        } catch (ReflectiveOperationException missing) {
            throw otherShape(owner, name, missing);
        }
    }

    private static LowRankException otherShape(Class<?> owner, String member, ReflectiveOperationException cause) {
        return new LowRankException(
                "DL4J's " + owner.getName() + " has no member " + member
                        + " as in 1.0.0-M2.1, the version that lowrank4j works with.",
                cause);
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
