package org.lowrank4j.tests.command.program;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * Writes the models that the command line is tried on into a directory: base.zip; tuned.zip and second.zip, trained from
 * it as the rules of this JVM say; full.zip with a change of every parameter; other.zip of another seed; nan.zip.
 */
public final class ModelFiles {

    private static final int STEPS = 6;

    private ModelFiles() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        MultiLayerNetwork base = network(1);
        base.save(file(folder, "base"), false);
        train(folder, "tuned", 2);
        train(folder, "second", 3);
        network(9).save(file(folder, "other"), false);
        MultiLayerNetwork full = network(1);
        full.params()
                .addi(random(4, 1, (int) full.numParams())
                        .reshape(full.params().shape())
                        .muli(0.01));
        full.save(file(folder, "full"), false);
        MultiLayerNetwork diverged = network(1);
        diverged.params().putScalar(0, Double.NaN);
        diverged.save(file(folder, "nan"), false);
    }

    private static File file(Path folder, String name) {
        return folder.resolve(name + ".zip").toFile();
    }

    private static void train(Path folder, String name, long seed) throws IOException {
        MultiLayerNetwork network = network(1);
        DataSet batch = new DataSet(random(seed, 16, 24), Nd4j.eye(4).repeat(0, 4));
        for (int step = 0; step < STEPS; step++) {
            network.fit(batch);
        }
        network.save(file(folder, name), true);
    }

    private static INDArray random(long seed, int rows, int columns) {
        Random random = new Random(seed);
        INDArray array = Nd4j.create(DataType.FLOAT, rows, columns);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                array.putScalar(i, j, random.nextGaussian());
            }
        }
        return array;
    }

    private static MultiLayerNetwork network(long seed) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(0.01))
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().name("dense1").nIn(24).nOut(20).build())
                .layer(new DenseLayer.Builder().name("dense2").nIn(20).nOut(16).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .name("out")
                        .activation(Activation.SOFTMAX)
                        .nIn(16)
                        .nOut(4)
                        .build())
                .build());
        network.init();
        return network;
    }
}
