package pretrained;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.weights.WeightInit;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.util.FeatureUtil;

/**
 * A pretrained network gets a new output layer and learns classes that it has never seen. The body keeps its weights and
 * learns adapters beside them; the new output layer is trained in full.
 */
public final class Adapt {

    private static final int INPUTS = 30;
    private static final int KNOWN = 8;
    private static final int NEW = 5;

    private Adapt() {}

    public static void main(String[] args) throws IOException {
        Path out = Files.createDirectories(Path.of(args.length > 0 ? args[0] : "target/pretrained"));
        File pretrained = out.resolve("pretrained.zip").toFile();
        pretrain(pretrained);
        ComputationGraph adapted = adapt(pretrained);
        File tuned = out.resolve("adapted.zip").toFile();
        adapted.save(tuned, true);

        // A plain model: without the agent, it opens and predicts the same.
        ComputationGraph opened = ComputationGraph.load(tuned, false);
        System.out.printf("accuracy on the new classes: %.1f %%%n", 100 * accuracy(opened, clusters(NEW, 500, 9)));
    }

    /** Stands for a network of the zoo or of your own. Nothing here is annotated, so it trains as stock. */
    private static void pretrain(File file) throws IOException {
        ComputationGraph network = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(3e-3))
                .weightInit(WeightInit.RELU)
                .activation(Activation.RELU)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.feedForward(INPUTS))
                .addLayer("body1", new DenseLayer.Builder().nOut(128).build(), "in")
                .addLayer("body2", new DenseLayer.Builder().nOut(128).build(), "body1")
                .addLayer("head", head(128, KNOWN), "body2")
                .setOutputs("head")
                .build());
        network.init();
        network.fit(batches(clusters(KNOWN, 2000, 1)), 5);
        network.save(file, true);
    }

    /** What a program does for transfer learning anyway; the annotation is the only line that is new. */
    @LowRank(rank = 4, alpha = 8)
    private static ComputationGraph adapt(File pretrained) throws IOException {
        ComputationGraph network = new TransferLearning.GraphBuilder(ComputationGraph.load(pretrained, false))
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(3e-3))
                        .seed(2)
                        .build())
                .removeVertexKeepConnections("head")
                .addLayer("head", head(128, NEW), "body2")
                .setOutputs("head")
                .build();
        network.fit(batches(clusters(NEW, 1000, 8)), 10);
        return network;
    }

    private static OutputLayer head(int inputs, int classes) {
        return new OutputLayer.Builder()
                .nIn(inputs)
                .nOut(classes)
                .activation(Activation.SOFTMAX)
                .build();
    }

    /** Points around one centre per class; the same number of classes has the same centres. */
    private static DataSet clusters(int classes, int points, long seed) {
        Nd4j.getRandom().setSeed(classes);
        INDArray centres = Nd4j.randn(classes, INPUTS);
        Nd4j.getRandom().setSeed(seed);
        INDArray features = Nd4j.randn(points, INPUTS).muli(1.2);
        int[] labels = new int[points];
        for (int i = 0; i < points; i++) {
            labels[i] = i % classes;
            features.getRow(i).addi(centres.getRow(labels[i]));
        }
        return new DataSet(features, FeatureUtil.toOutcomeMatrix(labels, classes));
    }

    private static ListDataSetIterator<DataSet> batches(DataSet data) {
        return new ListDataSetIterator<>(data.asList(), 50);
    }

    private static double accuracy(ComputationGraph network, DataSet data) {
        return network.evaluate(batches(data)).accuracy();
    }
}
