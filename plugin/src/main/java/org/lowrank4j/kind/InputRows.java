package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a layer multiplies its matrix by, for starts and compressions that learn from inputs. */
public interface InputRows {

    /**
     * The rows of the last forward pass, whose input the layer still has.
     *
     * @return rows x nIn, without those that the layer's mask leaves out; null if it leaves out all
     */
    @Nullable INDArray of(BaseLayer<?> layer);
}
