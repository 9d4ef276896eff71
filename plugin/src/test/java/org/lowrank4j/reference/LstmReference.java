package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;

/** LSTMs, with a pair of factors for the inputs' weights, for those of the previous outputs, or for both. */
public final class LstmReference extends LayerCases {

    public LstmReference() {
        super("lstm");
    }

    @Override
    Layer layer(ReferenceCase given) {
        return new LSTM.Builder()
                .nIn(given.input("W", DataType.DOUBLE).size(0))
                .nOut(given.input("RW", DataType.DOUBLE).size(0))
                .activation(Activation.TANH)
                .gateActivationFunction(Activation.SIGMOID)
                .build();
    }
}
