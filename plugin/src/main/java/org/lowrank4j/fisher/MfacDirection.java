package org.lowrank4j.fisher;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * M-FAC as an optimizer (arXiv 2107.03356, section 3.2 and the released code): replaces the gradient of all parameters
 * of a network by its product with the inverse Fisher matrix of the last m of them.
 *
 * <pre>
 * insert g,   u = F^-1 g                                     see {@link GradientWindow}
 * v = momentum v + (1 - momentum) u,   the direction is v
 * theta -= rate * direction
 * </pre>
 *
 * <p>g is the mean over the batch with the terms for l1 and l2 already in it, as published. The last line is SGD's.
 * Published: m 512 to 1024, lambda 1e-5, rate 1e-3, momentum 0.
 */
public final class MfacDirection {

    private final GradientWindow window;
    private final double momentum;
    private final @Nullable INDArray velocity;

    /**
     * @param window empty, or restored
     * @param entries d
     * @param momentum 0 for none, below 1
     */
    public MfacDirection(GradientWindow window, long entries, double momentum) {
        if (!(momentum >= 0 && momentum < 1)) {
            throw new LowRankException("The momentum " + momentum
                    + " of M-FAC is refused: it is the share of the last direction in the next one, a number from 0 to"
                    + " below 1; 0 is published.");
        }
        this.window = window;
        this.momentum = momentum;
        velocity = momentum == 0 ? null : Nd4j.create(DataType.DOUBLE, entries);
    }

    /**
     * Replaces a gradient by the direction to go, in place.
     *
     * @param gradient d entries; they must be finite, for they stay in the window
     */
    public void replace(INDArray gradient) {
        window.insert(gradient);
        INDArray direction = window.multiplyNewest();
        INDArray past = velocity;
        if (past != null) {
            direction = past.muli(momentum).addi(direction.muli(1 - momentum));
        }
        gradient.assign(direction.reshape(gradient.ordering(), gradient.shape()));
    }

    /** Live arrays that exact resumption needs, by name; call {@link #restored} after writing to them. */
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>(window.state());
        INDArray past = velocity;
        if (past != null) {
            state.put("velocity", past);
        }
        return state;
    }

    /** Forgets what was derived from the arrays of {@link #state}. */
    public void restored() {
        window.restored();
    }
}
