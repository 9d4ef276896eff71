package org.lowrank4j.tests.pages.merging;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.lowrank4j.tests.pages.Arguments;
import org.lowrank4j.tests.pages.ModelFile;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Trains the base model on upright digits and saves it. Plain DL4J. */
public final class BaseModel {

    /** Units of each of the two hidden layers. */
    static final int HIDDEN = 256;

    static final int BATCH = 64;

    private static final long SEED = 7;

    private BaseModel() {}

    public static void main(String[] args) throws Exception {
        new Arguments("BaseModel", "Trains a digit classifier on upright digits and saves it.")
                .option("base", "FILE", "", "the model zip to write")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"")
                .option("steps", "N", "2000", "batches of " + BATCH + " to train on")
                .run(args, options -> {
                    Path file = options.path("base");
                    Digits digits = Digits.load(options.text("data"));
                    MultiLayerNetwork model = network();
                    model.fit(
                            DigitBatches.shuffled(digits.train(), BATCH, options.integer("steps", 1, 1_000_000), SEED));
                    ModelFile.write(model, file);
                });
    }

    private static MultiLayerNetwork network() {
        MultiLayerNetwork model = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(SEED)
                .updater(new Adam(1e-3))
                .weightInit(WeightInit.RELU)
                .activation(Activation.RELU)
                .list()
                .layer(new DenseLayer.Builder().name("hidden1").nOut(HIDDEN).build())
                .layer(new DenseLayer.Builder().name("hidden2").nOut(HIDDEN).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .name("output")
                        .nOut(DigitSet.CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(DigitSet.PIXELS))
                .build());
        model.init();
        return model;
    }
}
