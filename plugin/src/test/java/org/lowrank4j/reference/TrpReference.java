package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Assumptions;
import org.lowrank4j.compression.FactoredModel;
import org.lowrank4j.compression.RankChoice;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.Trp;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Trained Rank Pruning of dense weights and, channel-wise, of convolutions: the truncation, the nuclear norm's sub-gradient and the split. */
public final class TrpReference implements Reference {

    @Override
    public String method() {
        return "trp";
    }

    @Override
    public boolean hasSignsPerRow(String name) {
        return name.equals("B") || name.equals("conv1");
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        boolean spatial = given.name().contains("spatial") || given.name().contains("decouple");
        Assumptions.assumeFalse(spatial, "skipped: the project truncates M, filter by (channel, y, x), only");
        INDArray parameter = given.input("W", type);
        boolean dense = parameter.rank() == 2;
        INDArray w = dense ? parameter : Matrix.filters("W").view().apply(parameter);
        double lambda = given.number("nuclear_lambda");
        TargetWeight target = Targets.target(
                w,
                1,
                1,
                1,
                Map.of(
                        "trp.energy", String.valueOf(given.number("e_keep")),
                        "trp.nuclear-weight", String.valueOf(lambda)));
        TargetUpdate update = new Trp().attach(target);
        update.start();
        INDArray truncated = shaped(target.weight(), parameter).dup();
        outcome.put("W_truncated", truncated);
        INDArray gradient = Targets.views(update, w)[0].assign(0);
        update.beforeUpdater(new INDArray[] {gradient}, new INDArray[1]);
        outcome.put("nuclear_term", shaped(gradient, parameter));
        outcome.put("subgradient", shaped(update.kept().state().get("nuclear"), parameter));

        EnergyTruncation truncation = EnergyTruncation.of(w, given.number("e_keep"));
        outcome.put("k", truncation.rank());
        if (!dense) {
            split(given, type, parameter, truncated, outcome);
            return;
        }
        outcome.put("A", truncation.left());
        outcome.put("B", truncation.right());
        double[] values = ThinSvd.of(w).singularValues();
        outcome.put("singular_values", values);
        double total = Arrays.stream(values).map(value -> value * value).sum();
        double[] energy = new double[values.length];
        double kept = 0;
        for (int i = 0; i < energy.length; i++) {
            kept += values[i] * values[i];
            energy[i] = kept / total;
        }
        outcome.put("energy", energy);
    }

    /** M as the filters that it is of. */
    private static INDArray shaped(INDArray matrix, INDArray parameter) {
        return parameter.rank() == 2 ? matrix : matrix.transpose().dup('c').reshape('c', parameter.shape());
    }

    /** The layer as two stock ones, and what both answer. */
    private static void split(
            ReferenceCase given, DataType type, INDArray parameter, INDArray truncated, Outcome outcome) {
        INDArray x = given.input("x", type);
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(type)
                .list()
                .layer(new ConvolutionLayer.Builder(given.wholeNumbers("kernel"))
                        .padding(given.wholeNumbers("padding"))
                        .nIn(parameter.size(1))
                        .nOut(parameter.size(0))
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new CnnLossLayer.Builder().build())
                .setInputType(InputType.convolutional(x.size(2), x.size(3), x.size(1)))
                .build());
        network.init();
        network.getParam("0_W").assign(parameter);
        network.getParam("0_b").assign(given.input("bias", type));
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.energy(given.number("e_keep")));
        outcome.put("conv1", small.getParam("0_W"));
        outcome.put("conv2", small.getParam("1_W"));
        outcome.put("y_split", small.feedForward(x).get(2));
        network.getParam("0_W").assign(truncated);
        outcome.put("y_truncated", network.feedForward(x).get(1));
    }
}
