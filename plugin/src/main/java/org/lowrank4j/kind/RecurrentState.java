package org.lowrank4j.kind;

import java.util.Map;
import org.deeplearning4j.nn.layers.recurrent.LSTM;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a recurrent layer carries from one stretch of time steps to the next.
 *
 * @param output of the last step, examples x units; null for zeros
 * @param memory the cells' at the last step, likewise; null for zeros, and in layers without cells
 */
record RecurrentState(@Nullable INDArray output, @Nullable INDArray memory) {

    /** The begin of a series. */
    static final RecurrentState NONE = new RecurrentState(null, null);

    private static final String OUTPUT = LSTM.STATE_KEY_PREV_ACTIVATION;
    private static final String MEMORY = LSTM.STATE_KEY_PREV_MEMCELL;

    /** As DL4J keeps it. */
    static RecurrentState of(Map<String, INDArray> state) {
        return new RecurrentState(state.get(OUTPUT), state.get(MEMORY));
    }

    /** Whether both are the same arrays. */
    boolean is(RecurrentState other) {
        return output == other.output && memory == other.memory;
    }

    boolean fits(long examples) {
        return output == null || output.size(0) == examples;
    }

    /** Puts a copy into the map in which DL4J keeps it. */
    void keep(Map<String, INDArray> state) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (output != null) {
                state.put(OUTPUT, output.dup('f'));
            }
            if (memory != null) {
                state.put(MEMORY, memory.dup('f'));
            }
        }
    }
}
