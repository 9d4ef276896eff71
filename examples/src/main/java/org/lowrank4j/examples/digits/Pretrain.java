package org.lowrank4j.examples.digits;

import java.nio.file.Path;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Trains the base model on upright digits. Plain DL4J: nothing here knows of low rank. */
public final class Pretrain {

    /** How the line with the accuracy starts. */
    static final String OUTCOME = "Test accuracy: ";

    private static final int HIDDEN = 512;
    private static final int BATCH = 64;
    private static final long SEED = 7;

    private Pretrain() {}

    public static void main(String[] args) throws Exception {
        new Arguments("Pretrain", "Trains a digit classifier on upright digits and saves it.")
                .option("base", "FILE", "", "the model zip to write")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"")
                .option("steps", "N", "2000", "batches of 64 to train on")
                .run(args, Pretrain::train);
    }

    private static void train(Arguments options) throws Exception {
        Path base = options.path("base");
        int steps = options.integer("steps", 1, 1_000_000);
        Digits digits = Digits.load(options.text("data"));
        System.out.println("Pre-training on " + digits.describe() + ".");

        MultiLayerConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(SEED)
                .updater(new Adam(1e-3))
                .weightInit(WeightInit.RELU)
                .activation(Activation.RELU)
                .list()
                .layer(new DenseLayer.Builder()
                        .name("hidden1")
                        .nIn(DigitSet.PIXELS)
                        .nOut(HIDDEN)
                        .build())
                .layer(new DenseLayer.Builder().name("hidden2").nOut(HIDDEN).build())
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .name("output")
                        .nOut(DigitSet.CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.feedForward(DigitSet.PIXELS))
                .build();
        MultiLayerNetwork model = new MultiLayerNetwork(configuration);
        model.init();
        model.setListeners(new LossLog(steps));
        model.fit(DigitBatches.shuffled(digits.train(), BATCH, steps, SEED));

        double accuracy = model.evaluate(DigitBatches.once(digits.test(), 1000)).accuracy();
        System.out.printf("%s%.2f %% of upright digits%n", OUTCOME, 100 * accuracy);
        ModelFile.write(model, base);
    }
}
