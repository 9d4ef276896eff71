package org.lowrank4j.tests.pages.starts;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import java.nio.file.Path;
import java.util.Locale;
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

/** Trains the base model on the upright digits 0 to 4 and saves it, and a copy with rounded weights. Plain DL4J. */
public final class BaseModels {

    /** Units of each of the two hidden layers. */
    static final int HIDDEN = 256;

    static final int BATCH = 64;

    /** How the line with the accuracy of a saved model starts; the file's name follows. */
    static final String OUTCOME = "Accuracy of ";

    private static final long SEED = 7;

    private BaseModels() {}

    public static void main(String[] args) throws Exception {
        new Arguments("BaseModels", "Trains a classifier of the digits 0 to 4; saves it, and a copy of fewer bits.")
                .option(
                        "out",
                        "DIR",
                        "",
                        "where " + StartArm.Base.TRAINED.file + " and " + StartArm.Base.ROUNDED.file + " go")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"")
                .option("steps", "N", "1500", "batches of " + BATCH + " to train on")
                .run(args, BaseModels::make);
    }

    private static void make(Arguments options) throws Exception {
        Path out = options.path("out");
        Digits digits = Digits.load(options.text("data"));
        DigitSet train = digits.train().between(Task.LEAST_KNOWN, Task.MOST_KNOWN);
        DigitSet test = digits.test().between(Task.LEAST_KNOWN, Task.MOST_KNOWN);
        MultiLayerNetwork model = network();
        model.fit(DigitBatches.shuffled(train, BATCH, options.integer("steps", 1, 1_000_000), SEED));
        save(model, test, out.resolve(StartArm.Base.TRAINED.file));
        for (int layer = 0; layer < model.getnLayers() - 1; layer++) {
            RoundedWeights.round(model.getLayer(layer).getParam("W"));
        }
        save(model, test, out.resolve(StartArm.Base.ROUNDED.file));
    }

    private static MultiLayerNetwork network() {
        MultiLayerNetwork model = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
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
                .build());
        model.init();
        return model;
    }

    private static void save(MultiLayerNetwork model, DigitSet test, Path file) throws Exception {
        double accuracy = model.evaluate(DigitBatches.once(test, 1000)).accuracy();
        ModelFile.write(model, file);
        System.out.println(String.format(Locale.ROOT, "%s%s: %.6f", OUTCOME, file.getFileName(), accuracy));
    }
}
