package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.lowrank4j.kind.FrozenPasses;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** A frozen BatchNormalization above a 1x1 convolution, which is a matrix, with its factors. */
public final class BatchnormReference implements Reference {

    @Override
    public String method() {
        return "batchnorm";
    }

    @Override
    public void compute(ReferenceCase given, DataType type, Outcome outcome) {
        INDArray filters = given.input("W", type);
        INDArray a = given.input("A", type);
        INDArray b = given.input("B", type);
        INDArray x = given.input("x", type);
        long inputs = filters.size(1);
        long outputs = filters.size(0);
        double s = given.number("alpha") / given.whole("r");
        INDArray matrix =
                filters.reshape('c', outputs, inputs).transpose().add(a.mmul(b).mul(s));
        INDArray rows = rows(x);
        INDArray z = pixels(rows.mmul(matrix), x);

        BatchNormalization layer = layer(given, type, z);
        FrozenPasses passes = new FrozenPasses(layer);
        INDArray y = passes.forward(z);
        INDArray delta = y.sub(given.input("target", type));
        INDArray below = passes.backward(delta);
        INDArray ofOutputs = rows(below);
        INDArray spread = layer.getParam("log10stdev").dup().muli(2 * Math.log(10));

        outcome.put("s", s);
        outcome.put("var", Transforms.exp(spread).reshape(outputs));
        outcome.put("z", z);
        outcome.put("y", y);
        outcome.put("loss", delta.mul(delta).sumNumber().doubleValue() / 2);
        outcome.put("delta", delta);
        outcome.put("epsilon_below", below);
        outcome.put("dA", rows.transpose().mmul(ofOutputs).mmul(b.transpose()).muli(s));
        outcome.put("dB", a.transpose().mmul(rows.transpose().mmul(ofOutputs)).muli(s));
        outcome.put("dx", pixels(ofOutputs.mmul(matrix.transpose()), x));
        layer.setInput(z, LayerWorkspaceMgr.noWorkspaces());
        outcome.put("y_with_batch_statistics", layer.activate(true, LayerWorkspaceMgr.noWorkspaces()));
    }

    private static BatchNormalization layer(ReferenceCase given, DataType type, INDArray z) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(type)
                .list()
                .layer(new org.deeplearning4j.nn.conf.layers.BatchNormalization.Builder()
                        .eps(given.number("eps"))
                        .build())
                .layer(new ActivationLayer(Activation.IDENTITY))
                .setInputType(InputType.convolutional(z.size(2), z.size(3), z.size(1)))
                .build());
        network.init();
        for (String name : new String[] {"gamma", "beta", "mean", "log10stdev"}) {
            INDArray parameter = network.getParam("0_" + name);
            parameter.assign(given.input(name, type).reshape(parameter.shape()));
        }
        return (BatchNormalization) network.getLayer(0);
    }

    /** Examples x channels x height x width as rows of channels. */
    private static INDArray rows(INDArray pixels) {
        return pixels.permute(0, 2, 3, 1).dup('c').reshape('c', pixels.length() / pixels.size(1), pixels.size(1));
    }

    private static INDArray pixels(INDArray rows, INDArray like) {
        return rows.reshape('c', like.size(0), like.size(2), like.size(3), rows.size(1))
                .permute(0, 3, 1, 2);
    }
}
