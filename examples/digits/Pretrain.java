package digits;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains the base model on upright digits. Plain DL4J: nothing here knows of low rank. */
@Command(name = "Pretrain", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class Pretrain implements Callable<Integer> {

    private static final int HIDDEN = 512;
    private static final int BATCH = 64;
    private static final long SEED = 7;

    @Option(names = "--base", required = true, description = "the model zip to write")
    private Path base;

    @Option(names = "--data", defaultValue = "", description = "MNIST directory, or \"drawn\"")
    private String data;

    @Option(names = "--steps", defaultValue = "2000", description = "batches of 64 to train on")
    private int steps;

    public static void main(String[] args) {
        Program.run(new Pretrain(), args);
    }

    @Override
    public Integer call() throws Exception {
        Digits digits = Digits.load(data);
        System.out.println("Pre-training on " + digits.describe() + ".");
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
        model.setListeners(new LossLog(steps));
        model.fit(DigitBatches.shuffled(digits.train(), BATCH, steps, SEED));

        double accuracy = model.evaluate(DigitBatches.once(digits.test(), 1000)).accuracy();
        System.out.printf("Test accuracy: %.2f %% of upright digits%n", 100 * accuracy);
        // Moved into place at the end, so that a base model is whole or not there.
        Files.createDirectories(base.toAbsolutePath().getParent());
        File unfinished = new File(base + ".unfinished");
        model.save(unfinished, true);
        Files.move(unfinished.toPath(), base, StandardCopyOption.REPLACE_EXISTING);
        return 0;
    }
}
