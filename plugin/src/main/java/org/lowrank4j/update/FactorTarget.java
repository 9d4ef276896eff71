package org.lowrank4j.update;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The state of a {@link FactorUpdate}. Its first two tensors are A and B, by which a matrix V moves as s A B, with dA = s
 * dL/dV B^T and dB = s A^T dL/dV. V is W, or what W is made of.
 *
 * <p>A gradient approximation may let one of the tensors stand still: {@link #gradient}, {@link #beforeUpdater} and {@link
 * #step} take null in the place of its gradient, state and step.
 */
public interface FactorTarget extends TargetUpdate {

    /** A and B, live; another object once the update or a file has set them anew. */
    Factors factors();

    @Override
    void start(Factors factors);

    @Override
    void gradient(WeightGradient gradient, @Nullable INDArray[] gradients);

    @Override
    void move(@Nullable INDArray[] steps);
}
