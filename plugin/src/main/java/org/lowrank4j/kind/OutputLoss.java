package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/** The loss of output layers that can train with another one, or learn from what the network answers itself. */
public interface OutputLoss {

    /** The layer's own loss. */
    ILossFunction of(BaseLayer<?> layer);

    /** What makes the layer's answers of its pre-activations. */
    IActivation activation(BaseLayer<?> layer);
}
