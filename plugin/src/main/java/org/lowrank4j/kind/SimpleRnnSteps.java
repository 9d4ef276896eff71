package org.lowrank4j.kind;

import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The steps of a plain recurrent layer: h = a(x W + h' RW + b). */
final class SimpleRnnSteps implements RecurrentSteps {

    /**
     * What the steps are computed with.
     *
     * @param inputs W, nIn x n
     * @param recurrent RW, n x n
     * @param bias n
     * @param activation a
     */
    record Weights(INDArray inputs, INDArray recurrent, INDArray bias, IActivation activation) {}

    private final INDArray x;
    private final long examples;
    private final Weights weights;
    private final RecurrentState start;
    private final INDArray z;
    /** With that before the first step. */
    private final INDArray h;

    /**
     * Runs the steps.
     *
     * @param x rows of the input, after dropout
     * @param mask examples x steps: where it is 0, h is; null for none
     * @param workspaces what is kept is in that of activations
     */
    SimpleRnnSteps(
            INDArray x,
            long examples,
            Weights weights,
            RecurrentState start,
            @Nullable INDArray mask,
            Ones ones,
            LayerWorkspaceMgr workspaces) {
        this.x = x;
        this.examples = examples;
        this.weights = weights;
        this.start = start;
        long units = weights.recurrent().size(0);
        z = workspaces.createUninitialized(ArrayType.ACTIVATIONS, x.dataType(), new long[] {x.size(0), units}, 'c');
        h = workspaces.createUninitialized(
                ArrayType.ACTIVATIONS, x.dataType(), new long[] {x.size(0) + examples, units}, 'c');
        StepRows.begin(h, examples, start.output());
        Blas.gemm(x, weights.inputs(), z, false, false, 1, 0);
        Blas.addRow(weights.bias(), ones.of(z.dataType(), z.size(0)), z);
        INDArray[] before = StepRows.steps(z, examples);
        INDArray[] outputs = StepRows.steps(h, examples);
        for (int t = 0; t < before.length; t++) {
            Blas.gemm(outputs[t], weights.recurrent(), before[t], false, false, 1, 1);
            StepRows.activate(weights.activation(), before[t], outputs[t + 1]);
            if (mask != null) {
                outputs[t + 1].muliColumnVector(mask.getColumn(t, true));
            }
        }
    }

    @Override
    public RecurrentState start() {
        return start;
    }

    @Override
    public RecurrentState end() {
        return new RecurrentState(StepRows.since(h, x.size(0)), null);
    }

    @Override
    public INDArray inputs() {
        return x;
    }

    @Override
    public INDArray outputs() {
        return StepRows.since(h, examples);
    }

    @Override
    public INDArray previousOutputs() {
        return StepRows.some(h, 0, x.size(0));
    }

    @Override
    public INDArray deltas(INDArray epsilon, int first, @Nullable INDArray mask, LayerWorkspaceMgr workspaces) {
        INDArray deltas = workspaces.createUninitialized(ArrayType.BP_WORKING_MEM, z.dataType(), z.shape(), 'c');
        Slopes.of(weights.activation(), z, outputs(), deltas);
        INDArray[] delta = StepRows.steps(deltas, examples);
        INDArray[] epsilons = StepRows.steps(epsilon, examples);
        for (int t = delta.length - 1; t >= first; t--) {
            if (t < delta.length - 1) {
                Blas.gemm(delta[t + 1], weights.recurrent(), epsilons[t], false, true, 1, 1);
            }
            delta[t].muli(epsilons[t]);
            if (mask != null) {
                delta[t].muliColumnVector(mask.getColumn(t, true));
            }
        }
        return deltas;
    }
}
