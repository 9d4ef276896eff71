package org.lowrank4j.kind;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A vector of ones, by which BLAS adds a row to all rows of an array. */
final class Ones {

    private @Nullable INDArray ones;

    /** As many as are asked for, or more. */
    INDArray of(DataType type, long rows) {
        if (ones == null || ones.length() < rows || ones.dataType() != type) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                ones = Nd4j.ones(type, rows);
            }
        }
        return ones;
    }
}
