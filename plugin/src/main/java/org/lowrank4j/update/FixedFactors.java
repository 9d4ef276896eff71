package org.lowrank4j.update;

import java.util.Arrays;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

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
        a = target.kept().array("A", 'f', target.inputs(), target.rank());
        b = target.kept().array("B", 'c', target.rank(), target.outputs());
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
                    + " and B have a core " + name + " (" + Kept.shape(core) + ") between them, and the"
                    + " initialisation gave only A and B. Leave the init out: the update brings its own.");
        }
        copy("A", factors.a(), a);
        copy("B", factors.b(), b);
        copy(name, given, core);
    }

    private void copy(String name, INDArray given, INDArray live) {
        if (!Arrays.equals(given.shape(), live.shape())) {
            throw new LowRankException("The starting " + name + " of layer " + target.layer() + " must be "
                    + Kept.shape(live) + " for update=" + update + " (nIn=" + target.inputs() + ", nOut="
                    + target.outputs() + ", rank=" + target.rank() + "), and it is " + Kept.shape(given) + ".");
        }
        live.assign(given);
    }

    /** The diagonal of A^T G B^T, 1 x r. */
    INDArray diagonal(WeightGradient gradient) {
        INDArray projected = b.ulike();
        gradient.transposeTimes(a, 1, projected, 0);
        return projected.muli(b).sum(1).reshape(1, target.rank());
    }
}
