package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The state of an update of one weight: what it trains is declared once, {@code a = trained("A", 'f', false, nIn, r)}, and
 * what it keeps besides in {@link #kept}.
 */
public abstract class AttachedUpdate implements TargetUpdate {

    private final TargetWeight target;
    private final List<TrainedTensor> tensors = new ArrayList<>();
    private final List<TrainedTensor> shown = Collections.unmodifiableList(tensors);

    /** Trains and keeps nothing yet. */
    protected AttachedUpdate(TargetWeight target) {
        this.target = target;
    }

    /** W, and what the user wrote for it. */
    protected final TargetWeight target() {
        return target;
    }

    @Override
    public final Kept kept() {
        return target.kept();
    }

    @Override
    public final List<TrainedTensor> tensors() {
        return shown;
    }

    /**
     * Declares a tensor of zeros that is trained and saved; parameters as of {@link TrainedTensor}.
     *
     * @return its live value
     */
    protected final INDArray trained(String name, char order, boolean outputSide, long... shape) {
        return trained(name, order, outputSide, kept().array(name, order, shape));
    }

    /** Declares that an array is trained which is kept already. */
    protected final INDArray trained(String name, char order, boolean outputSide, INDArray value) {
        tensors.add(new TrainedTensor(name, value.shape(), order, value, outputSide));
        return value;
    }
}
