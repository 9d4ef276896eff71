package org.lowrank4j.hook;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.graph.Graphs;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.Listener;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** SameDiff graphs: where they are made and trained; null leaves each to SameDiff. */
public final class GraphHooks {

    private GraphHooks() {}

    /** After {@code SameDiff.create()}. */
    public static void made(Object graph) {
        Graphs.made((SameDiff) graph);
    }

    /** Before {@code SameDiff.fitHelper(..)}; the answer comes back to {@link #fitEnds}. */
    public static @Nullable Object fitBegins(Object graph, Object iterator) {
        return Graphs.fitBegins((SameDiff) graph, iterator);
    }

    /** After {@code SameDiff.fitHelper(..)}, also when it failed. */
    public static void fitEnds(Object graph, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            Graphs.fitEnds(token);
        }
    }

    /** Instead of {@code SameDiff.initializeTraining()}. */
    public static @Nullable Object initialises(Object graph) {
        return Graphs.keepsUpdaters((SameDiff) graph) ? Boolean.TRUE : null;
    }

    /** Instead of {@code TrainingSession.trainingIteration(..)}. */
    @SuppressWarnings("unchecked")
    public static @Nullable Object iteration(
            Object session,
            Object gradients,
            Object configuration,
            Object placeholders,
            Object batch,
            Object losses,
            @Nullable Object listeners,
            Object at) {
        return Graphs.iteration(
                session,
                (SameDiff) gradients,
                (TrainingConfig) configuration,
                (Map<String, INDArray>) placeholders,
                (MultiDataSet) batch,
                (List<String>) losses,
                (List<Listener>) listeners,
                (At) at);
    }
}
