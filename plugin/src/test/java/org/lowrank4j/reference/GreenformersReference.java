package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Assumptions;
import org.lowrank4j.compression.Cut;
import org.lowrank4j.compression.FactoredModel;
import org.lowrank4j.compression.RankChoice;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Greenformers' factors by SVD, of dense layers and of convolutions. */
public final class GreenformersReference implements Reference {

    @Override
    public String method() {
        return "greenformers";
    }

    @Override
    public boolean hasSignsPerRow(String name) {
        return name.equals("B") || name.equals("conv1");
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        Assumptions.assumeTrue(given.hasInput("W"), "skipped: which layers are cut is the program's choice");
        INDArray weight = given.input("W", type);
        int rank = given.whole("r");
        boolean dense = weight.rank() == 2;
        MultiLayerNetwork network = dense ? dense(given, type, weight) : TrpReference.network(given, type, weight);
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.fixed(rank), Cut.GREENFORMERS);
        INDArray first = small.getParam("0_W");
        INDArray second = small.getParam("1_W");
        outcome.put("y", small.feedForward(given.input("x", type)).get(2));
        if (dense) {
            outcome.put("A", first);
            outcome.put("B", second);
            outcome.put("AB", first.mmul(second));
            outcome.put("parameters", first.length() + second.length());
            outcome.notProduced("r_max", "the rank is the program's choice");
            outcome.notProduced("snmf_factor_shapes", "the factors are those of the singular value decomposition");
        } else {
            outcome.put("rank", first.size(0));
            outcome.put("conv1", first);
            outcome.put("conv2", second);
        }
    }

    private static MultiLayerNetwork dense(ReferenceCase given, DataType type, INDArray weight) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(type)
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(weight.size(0))
                        .nOut(weight.size(1))
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new LossLayer.Builder().build())
                .build());
        network.init();
        network.getParam("0_W").assign(weight);
        network.getParam("0_b").assign(given.input("bias", type));
        return network;
    }
}
