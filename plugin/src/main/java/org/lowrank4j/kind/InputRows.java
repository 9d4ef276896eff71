package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a layer multiplies its matrices by, for starts and compressions that learn from inputs. */
public interface InputRows {

    /** Whether it shows those of a matrix, by its parameter; by default of all. */
    default boolean shows(String parameter) {
        return true;
    }

    /**
     * The rows of the last forward pass, whose input the layer still has.
     *
     * @param parameter of the matrix
     * @return rows x nIn, without those that the layer's mask leaves out; null if it leaves out all
     */
    @Nullable INDArray of(BaseLayer<?> layer, String parameter);
}
