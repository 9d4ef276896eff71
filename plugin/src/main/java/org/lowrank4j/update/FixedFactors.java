package org.lowrank4j.update;

import java.util.Arrays;
import java.util.Map;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The factors A (nIn x r) and B (r x nOut) of one weight that stay as they started, around a small trained core. */
final class FixedFactors {

    private final String update;
    private final TargetWeight target;
    private final INDArray a;
    private final INDArray b;

    /** @param update its name, for messages */
    FixedFactors(String update, TargetWeight target) {
        this.update = update;
        this.target = target;
        a = Nd4j.create(target.dataType(), new long[] {target.inputs(), target.rank()}, 'f');
        b = Nd4j.create(target.dataType(), new long[] {target.rank(), target.outputs()}, 'c');
    }

    INDArray a() {
        return a;
    }

    INDArray b() {
        return b;
    }

    /**
     * Copies the given factors and their core.
     *
     * @param name of the core, for messages
     * @param core the live one
     * @throws LowRankException if there is no core, or if a shape does not fit
     */
    void start(Factors factors, String name, INDArray core) {
        INDArray given = factors.core();
        if (given == null) {
            throw new LowRankException("Layer " + target.layer() + " trains with update=" + update + ", whose factors A"
                    + " and B have a core " + name + " (" + SavedState.shape(core) + ") between them, and the"
                    + " initialisation gave only A and B. Leave the init out: the update brings its own.");
        }
        copy("A", factors.a(), a);
        copy("B", factors.b(), b);
        copy(name, given, core);
    }

    private void copy(String name, INDArray given, INDArray live) {
        if (!Arrays.equals(given.shape(), live.shape())) {
            throw new LowRankException("The starting " + name + " of layer " + target.layer() + " must be "
                    + SavedState.shape(live) + " for update=" + update + " (nIn=" + target.inputs() + ", nOut="
                    + target.outputs() + ", rank=" + target.rank() + "), and it is " + SavedState.shape(given) + ".");
        }
        live.assign(given);
    }

    /** Writes scale A^T G B^T, r x r. */
    void project(WeightGradient gradient, double scale, INDArray projected) {
        gradient.between(a, b.transpose(), scale, projected, 0);
    }

    /** The diagonal of A^T G B^T, 1 x r. */
    INDArray diagonal(WeightGradient gradient) {
        INDArray projected = b.ulike();
        gradient.transposeTimes(a, 1, projected, 0);
        return projected.muli(b).sum(1).reshape(1, target.rank());
    }

    /** Adds A and B to a state to be saved. */
    void save(Map<String, INDArray> state) {
        state.put("A", a);
        state.put("B", b);
    }

    /** Puts A and B back. */
    void restore(Map<String, INDArray> state) {
        SavedState.copy(state, "A", a, target);
        SavedState.copy(state, "B", b, target);
    }
}
