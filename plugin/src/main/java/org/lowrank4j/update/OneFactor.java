package org.lowrank4j.update;

import org.lowrank4j.blas.Blas;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The state of an update that moves W by s F D, or by s D F, where F is fixed and D is trained from 0 on:
 *
 * <pre>dD = s F^T G   or   dD = s G F^T</pre>
 *
 * <p>G itself is never formed, and a step is one product into W.
 */
class OneFactor extends AttachedUpdate {

    private final INDArray fixed;
    private final boolean inputSide;
    private final double scale;
    private final INDArray trained;

    /**
     * A change of one weight.
     *
     * @param name of D
     * @param fixed F, nIn x k on the input side, else k x nOut; may be filled later
     * @param inputSide whether F is the factor on the side of the inputs, so that D is k x nOut
     * @param scale s
     */
    OneFactor(TargetWeight target, String name, INDArray fixed, boolean inputSide, double scale) {
        super(target);
        this.fixed = fixed;
        this.inputSide = inputSide;
        this.scale = scale;
        trained = inputSide
                ? trained(name, 'c', true, fixed.size(1), target.outputs())
                : trained(name, 'f', false, target.inputs(), fixed.size(0));
    }

    @Override
    public final void gradient(WeightGradient gradient, INDArray[] gradients) {
        if (inputSide) {
            gradient.transposeTimes(fixed, scale, gradients[0], 0);
        } else {
            gradient.times(fixed.transpose(), scale, gradients[0], 0);
        }
    }

    @Override
    public final void move(INDArray[] steps) {
        trained.subi(steps[0]);
        Blas.gemm(
                inputSide ? fixed : steps[0], inputSide ? steps[0] : fixed, target().weight(), false, false, -scale, 1);
    }
}
