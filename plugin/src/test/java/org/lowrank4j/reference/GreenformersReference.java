package org.lowrank4j.reference;

import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.compression.FactoredModel;
import org.lowrank4j.compression.RankChoice;
import org.lowrank4j.compression.RankedLayer;
import org.lowrank4j.factorisation.Greenformers;
import org.lowrank4j.factorisation.RankedFactors;
import org.lowrank4j.factorisation.WholeLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
        if (!given.hasInput("W")) {
            gates(given, outcome);
            return;
        }
        INDArray weight = given.input("W", type);
        int rank = given.whole("r");
        boolean dense = weight.rank() == 2;
        MultiLayerNetwork network = dense ? dense(given, type, weight) : TrpReference.network(given, type, weight);
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.fixed(rank), new Greenformers());
        INDArray first = small.getParam("0_W");
        INDArray second = small.getParam("1_W");
        outcome.put("y", small.feedForward(given.input("x", type)).get(2));
        if (dense) {
            outcome.put("A", first);
            outcome.put("B", second);
            outcome.put("AB", first.mmul(second));
            outcome.put("parameters", first.length() + second.length());
            outcome.put("r_max", Greenformers.gate(weight.size(0), weight.size(1)));
            outcome.notProduced("snmf_factor_shapes", "the factors are those of the singular value decomposition");
        } else {
            outcome.put("rank", first.size(0));
            outcome.put("conv1", first);
            outcome.put("conv2", second);
        }
    }

    /** DL4J has no groups of filters: what they do to a rank is done here. */
    private static void gates(ReferenceCase given, Outcome outcome) {
        for (String kind : List.of("dense", "conv")) {
            INDArray queries = given.input(kind + "_query", DataType.DOUBLE);
            double[] gates = new double[(int) queries.size(0)];
            double[] ranks = new double[gates.length];
            boolean dense = kind.equals("dense");
            for (int i = 0; i < gates.length; i++) {
                int inputs = queries.getInt(i, 0);
                int groups = dense ? 1 : queries.getInt(i, 2);
                int outputs = queries.getInt(i, 1) / groups;
                double asked = queries.getDouble(i, dense ? 2 : 3);
                // A filter of 3 x 3 in the one case: the gate does not look at its size.
                WholeLayer layer =
                        new WholeLayer(Nd4j.zeros((dense ? 1 : 9) * inputs, outputs), null, dense ? 1 : 9, null, null);
                gates[i] = Greenformers.gate(inputs, outputs);
                long largest = new Greenformers().largestRank(layer);
                RankedFactors none = new RankedFactors(new double[outputs], rank -> null);
                RankedLayer ranked = new RankedLayer("x", layer, new Greenformers(), none, null);
                int rank = asked < 1 ? RankChoice.share(asked).rank(ranked) : (int) asked;
                int whole = (rank + groups - 1) / groups * groups;
                ranks[i] = whole <= largest ? whole : 0;
            }
            outcome.put(kind + "_r_max", gates);
            outcome.put(kind + "_rank", ranks);
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
