package org.lowrank4j.graph;

import java.lang.invoke.VarHandle;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.Dl4jMembers;
import org.lowrank4j.rule.Creation;
import org.nd4j.autodiff.samediff.SameDiff;

/**
 * What is known of one graph, held by the graph alone: it takes the place of the map in which SameDiff keeps a graph's
 * functions, and holds those as well. So what a discarded graph held is free with it.
 */
final class GraphAttachment extends LinkedHashMap<String, SameDiff> {

    private static final long serialVersionUID = 1L;
    private static final VarHandle FUNCTIONS =
            Dl4jMembers.field(SameDiff.class, "sameDiffFunctionInstances", Map.class);

    private transient volatile @Nullable Creation creation;
    private transient volatile boolean stock;
    private transient volatile String stopped = "";
    private transient volatile @Nullable GraphTraining training;

    private GraphAttachment(Map<String, SameDiff> functions) {
        putAll(functions);
    }

    /** What is known of a graph; null for nothing. */
    static @Nullable GraphAttachment find(SameDiff graph) {
        return FUNCTIONS.getVolatile(graph) instanceof GraphAttachment attachment ? attachment : null;
    }

    /** The same, made if there is none. */
    @SuppressWarnings("unchecked")
    static synchronized GraphAttachment of(SameDiff graph) {
        GraphAttachment present = find(graph);
        if (present != null) {
            return present;
        }
        GraphAttachment made = new GraphAttachment((Map<String, SameDiff>) FUNCTIONS.getVolatile(graph));
        FUNCTIONS.setVolatile(graph, made);
        return made;
    }

    /** Where the graph was made; null if that was not seen. */
    @Nullable Creation creation() {
        return creation;
    }

    void creation(Creation seen) {
        creation = seen;
    }

    /** Prints what stops the training of the graph, once. */
    void stop(LowRankException refused) {
        String message = String.valueOf(refused.getMessage());
        if (!message.equals(stopped)) {
            stopped = message;
            Console.stop(message);
        }
    }

    /** Whether it was decided that the graph trains as stock. */
    boolean isStock() {
        return stock;
    }

    void becomeStock() {
        stock = true;
    }

    /** The training with adapters, of a graph or of its gradient function; null before it begins and for stock. */
    @Nullable GraphTraining training() {
        return training;
    }

    void training(@Nullable GraphTraining begun) {
        training = begun;
    }
}
