package org.lowrank4j.initialisation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** A model zip of one layer without a name, hence "layer0", with given weights. */
public final class OriginalZip {

    private OriginalZip() {}

    public static Path of(INDArray weight) {
        try {
            Path file = Files.createTempFile("original", ".zip");
            file.toFile().deleteOnExit();
            write(weight, file);
            return file;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static void write(INDArray weight, Path file) throws IOException {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .dataType(weight.dataType())
                .list()
                .layer(new OutputLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .nIn(weight.size(0))
                        .nOut(weight.size(1))
                        .build())
                .build());
        network.init();
        network.getLayer(0).getParam("W").assign(weight);
        ModelSerializer.writeModel(network, file.toFile(), false);
    }
}
