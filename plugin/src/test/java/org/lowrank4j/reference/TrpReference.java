package org.lowrank4j.reference;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.compression.FactoredModel;
import org.lowrank4j.compression.RankChoice;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.factorisation.SpatialSvd;
import org.lowrank4j.factorisation.Svd;
import org.lowrank4j.kind.Matrix;
import org.lowrank4j.kind.SpatialMatrix;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.Trp;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Trained Rank Pruning of dense weights and of convolutions: the truncation, the nuclear norm's sub-gradient and the split. */
public final class TrpReference implements Reference {

    /** What the released code calls them. */
    private static final Map<String, String> FORMS = Map.of("NC", "channel", "VH", "spatial", "ND", "decoupled");

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
        INDArray parameter = given.input("W", type);
        boolean dense = parameter.rank() == 2;
        INDArray w = dense ? parameter : Matrix.filters("W").view().apply(parameter);
        String form = dense ? "channel" : FORMS.get(given.text("scheme"));
        TargetWeight target = Given.target(
                "layer0",
                w.dup('f'),
                dense ? List.of() : List.of(parameter.size(2), parameter.size(3)),
                Map.of(
                        "trp.energy", String.valueOf(given.number("e_keep")),
                        "trp.nuclear-weight", String.valueOf(given.number("nuclear_lambda")),
                        "trp.form", form));
        TargetUpdate update = new Trp().attach(target);
        update.start();
        INDArray truncated = shaped(target.weight(), parameter).dup();
        outcome.put("W_truncated", truncated);
        INDArray gradient = Targets.views(update, w)[0].assign(0);
        update.beforeUpdater(new INDArray[] {gradient}, new INDArray[1]);
        outcome.put("nuclear_term", shaped(gradient, parameter));
        outcome.put("subgradient", shaped(update.kept().state().get("nuclear"), parameter));

        if (form.equals("decoupled")) {
            decoupled(given, type, parameter, truncated, outcome);
            return;
        }
        Factorisation cut = form.equals("spatial") ? new SpatialSvd() : new Svd();
        INDArray factored = cut.spatial() ? SpatialMatrix.of(w, parameter.size(2), parameter.size(3)) : w;
        EnergyTruncation truncation = EnergyTruncation.of(factored, given.number("e_keep"));
        outcome.put("k", truncation.rank());
        if (!dense) {
            MultiLayerNetwork small =
                    FactoredModel.of(network(given, type, parameter), RankChoice.energy(given.number("e_keep")), cut);
            outcome.put("conv1", small.getParam("0_W"));
            outcome.put("conv2", small.getParam("1_W"));
            outcome.put("y_split", small.feedForward(given.input("x", type)).get(2));
            outcome.put("y_truncated", output(given, type, truncated));
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

    /** The project trains towards these filters, and makes no layers of them. */
    private static void decoupled(
            ReferenceCase given, DataType type, INDArray parameter, INDArray truncated, Outcome outcome) {
        int[] ranks = new int[(int) parameter.size(0)];
        for (int filter = 0; filter < ranks.length; filter++) {
            INDArray byChannel = parameter.slice(filter).dup('c').reshape('c', parameter.size(1), -1);
            ranks[filter] =
                    EnergyTruncation.of(byChannel, given.number("e_keep")).rank();
        }
        outcome.put("k_per_filter", Nd4j.createFromArray(ranks).castTo(DataType.DOUBLE));
        outcome.put("paths", Arrays.stream(ranks).max().orElse(0));
        outcome.put("y_truncated", output(given, type, truncated));
        for (String split : List.of("pointwise", "depthwise", "y_split", "y_split_kernel")) {
            outcome.notProduced(split, "one convolution is cut into two stock layers, and decoupled it is three");
        }
    }

    private static INDArray output(ReferenceCase given, DataType type, INDArray parameter) {
        return network(given, type, parameter)
                .feedForward(given.input("x", type))
                .get(1);
    }

    /** A network of the convolution of a case. */
    static MultiLayerNetwork network(ReferenceCase given, DataType type, INDArray parameter) {
        INDArray x = given.input("x", type);
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(type)
                .list()
                .layer(new ConvolutionLayer.Builder((int) parameter.size(2), (int) parameter.size(3))
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
        return network;
    }
}
