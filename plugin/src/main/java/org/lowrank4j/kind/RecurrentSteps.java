package org.lowrank4j.kind;

import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The steps of a recurrent layer that have been run, with what the way back needs of them: z = x W + h' RW + b, with h' the
 * outputs of the step before. Rows are those of {@link StepRows}.
 */
interface RecurrentSteps {

    /** Where they began. */
    RecurrentState start();

    /** Where they ended, on the memory of the steps. */
    RecurrentState end();

    /** The rows of x. */
    INDArray inputs();

    /** The rows of h. */
    INDArray outputs();

    /** The rows of h'. */
    INDArray previousOutputs();

    /**
     * dL/dz, (steps examples) x columns of W in 'c' order.
     *
     * @param epsilon rows of dL/dh, without what comes through later steps, which is added
     * @param first the step at which the way back ends; what is said of earlier ones means nothing
     * @param mask examples x steps, where it is 0 dL/dz is; null for none
     */
    INDArray deltas(INDArray epsilon, int first, @Nullable INDArray mask, LayerWorkspaceMgr workspaces);
}
