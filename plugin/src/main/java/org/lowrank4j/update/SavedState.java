package org.lowrank4j.update;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Reads the state of one target with errors that name the layer. */
public final class SavedState {

    private SavedState() {}

    /**
     * One array of a saved state.
     *
     * @throws LowRankException if it is missing
     */
    public static INDArray array(Map<String, INDArray> state, String name, TargetWeight target) {
        INDArray array = state.get(name);
        if (array == null) {
            throw new LowRankException("The saved state of layer " + target.layer() + " has no array " + name
                    + "; it has " + (state.isEmpty() ? "none" : String.join(", ", state.keySet()))
                    + ". It was saved by another method than the one that the rule names now.");
        }
        return array;
    }

    /**
     * Copies one array of a saved state into the live one.
     *
     * @throws LowRankException if it is missing, its shape differs, or it has whole numbers where the live one has not
     */
    public static void copy(Map<String, INDArray> state, String name, INDArray live, TargetWeight target) {
        INDArray saved = array(state, name, target);
        if (saved.dataType().isFPType() != live.dataType().isFPType()) {
            throw new LowRankException("The saved array " + name + " of layer " + target.layer() + " has the type "
                    + saved.dataType() + ", and this network needs " + live.dataType() + ". The state is damaged.");
        }
        if (!Arrays.equals(saved.shape(), live.shape())) {
            throw new LowRankException("The saved array " + name + " of layer " + target.layer() + " is "
                    + shape(saved) + ", and this network needs " + shape(live)
                    + ". Train with the rank and the layer sizes that it was saved with.");
        }
        live.assign(saved);
    }

    /** A shape as text, for example {@code 784 x 8}. */
    static String shape(INDArray array) {
        return Arrays.stream(array.shape()).mapToObj(Long::toString).collect(Collectors.joining(" x "));
    }
}
