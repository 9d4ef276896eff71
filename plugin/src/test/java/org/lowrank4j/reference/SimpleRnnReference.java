package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;

/** Plain recurrent layers. */
public final class SimpleRnnReference extends LayerCases {

    public SimpleRnnReference() {
        super("simplernn");
    }

    @Override
    Layer layer(ReferenceCase given) {
        return new SimpleRnn.Builder()
                .nIn(given.input("W", DataType.DOUBLE).size(0))
                .nOut(given.input("RW", DataType.DOUBLE).size(0))
                .activation(Activation.TANH)
                .build();
    }
}
