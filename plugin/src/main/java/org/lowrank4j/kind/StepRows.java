package org.lowrank4j.kind;

import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Series, examples x units x steps, as matrices with a row for each example of each step: (steps examples) x units in 'c'
 * order, so that a step is one piece of memory, and one product serves all steps.
 */
final class StepRows {

    private StepRows() {}

    /** The rows of a series; on its own memory where it lies so, as what {@link #series} gives. */
    static INDArray of(INDArray series, LayerWorkspaceMgr workspaces, ArrayType where) {
        INDArray bySteps = series.permute(2, 0, 1);
        return NativeMemory.followOneAnother(bySteps)
                ? Matrix.memory(series, series.size(2) * series.size(0), series.size(1), 'c')
                : copyOf(series, workspaces, where);
    }

    /** The rows of a series, which may be changed. */
    static INDArray copyOf(INDArray series, LayerWorkspaceMgr workspaces, ArrayType where) {
        INDArray copy = workspaces.dup(where, series.permute(2, 0, 1), 'c');
        return Matrix.memory(copy, series.size(2) * series.size(0), series.size(1), 'c');
    }

    /** A series on the memory of its rows. */
    static INDArray series(INDArray rows, long examples) {
        return rows.reshape('c', rows.size(0) / examples, examples, rows.size(1))
                .permute(1, 2, 0);
    }

    /** Some of the rows, on their memory. */
    static INDArray some(INDArray rows, long first, long count) {
        long units = rows.size(1);
        return Nd4j.create(
                rows.data(),
                new long[] {count, units},
                new long[] {units, 1},
                rows.offset() + first * units,
                'c',
                rows.dataType());
    }

    /** The rows from one on, on their memory. */
    static INDArray since(INDArray rows, long first) {
        return some(rows, first, rows.size(0) - first);
    }

    /** Sets the rows of the first step. */
    static void begin(INDArray rows, long examples, @Nullable INDArray state) {
        INDArray first = some(rows, 0, examples);
        if (state == null) {
            first.assign(0);
        } else {
            first.assign(state);
        }
    }

    /** Writes what an activation makes of z. */
    static void activate(IActivation activation, INDArray z, INDArray result) {
        if (result != z) {
            Blas.copy(z, result);
        }
        INDArray activated = activation.getActivation(result, true);
        if (activated != result) {
            result.assign(activated);
        }
    }

    /** The rows of every step, one array each. */
    static INDArray[] steps(INDArray rows, long examples) {
        INDArray[] steps = new INDArray[Math.toIntExact(rows.size(0) / examples)];
        for (int step = 0; step < steps.length; step++) {
            steps[step] = some(rows, step * examples, examples);
        }
        return steps;
    }
}
