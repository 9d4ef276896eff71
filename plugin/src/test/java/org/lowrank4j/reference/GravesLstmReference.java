package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** LSTMs with peepholes, which are no part of the matrix. */
@SuppressWarnings("deprecation")
public final class GravesLstmReference extends LayerCases {

    public GravesLstmReference() {
        super("graveslstm");
    }

    @Override
    Layer layer(ReferenceCase given) {
        return new GravesLSTM.Builder()
                .nIn(given.input("W", DataType.DOUBLE).size(0))
                .nOut(given.input("RW", DataType.DOUBLE).size(0))
                .activation(Activation.TANH)
                .gateActivationFunction(Activation.SIGMOID)
                .build();
    }

    @Override
    void addOwn(OneLayer layer, Outcome outcome) {
        INDArray recurrent = layer.gradient("RW");
        long gates = layer.gradientOfMatrix("RW").size(1);
        outcome.put("dpeephole", recurrent.get(NDArrayIndex.all(), NDArrayIndex.interval(gates, recurrent.size(1))));
    }
}
