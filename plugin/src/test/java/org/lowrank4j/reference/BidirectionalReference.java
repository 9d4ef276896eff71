package org.lowrank4j.reference;

import java.util.Locale;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;

/** Recurrent layers that run both ways, with a pair of factors for each matrix of each way. */
@SuppressWarnings("deprecation")
public final class BidirectionalReference extends LayerCases {

    public BidirectionalReference() {
        super("bidirectional");
    }

    @Override
    Layer layer(ReferenceCase given) {
        AbstractLSTM.Builder<?> inner =
                given.text("layer").contains("Graves") ? new GravesLSTM.Builder() : new LSTM.Builder();
        inner.nIn(given.input("fW", DataType.DOUBLE).size(0));
        inner.nOut(given.input("fRW", DataType.DOUBLE).size(0));
        inner.activation(Activation.TANH);
        inner.gateActivationFunction(Activation.SIGMOID);
        Layer oneWay = inner.build();
        return new Bidirectional(Bidirectional.Mode.valueOf(given.text("mode").toUpperCase(Locale.ROOT)), oneWay);
    }
}
