package swap;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.adapter.AdapterSet;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.util.FeatureUtil;

/**
 * One network in memory serves several customers: each has an adapter of a few kilobytes, which is put on and taken off while the
 * network runs.
 */
public final class Serve {

    private static final int INPUTS = 20;
    private static final int CLASSES = 4;

    /** What all customers have in common. */
    private static final String EVERYBODY = "everybody";

    private static final List<String> CUSTOMERS = List.of("north", "south", "west");

    private Serve() {}

    public static void main(String[] args) throws IOException {
        Path out = Files.createDirectories(Path.of(args.length > 0 ? args[0] : "target/swap"));
        File base = out.resolve("base.zip").toFile();
        trainBase(base);
        for (String customer : CUSTOMERS) {
            File tuned = out.resolve(customer + ".zip").toFile();
            tune(base, customer).save(tuned, true);
            PeftDirectory.write(
                    TrainedAdapter.of(ModelFile.read(base.toPath()), ModelFile.read(tuned.toPath())),
                    out.resolve(customer));
        }

        // From here on all is as in a server: it needs the base and the adapters' directories, and no agent.
        MultiLayerNetwork network = MultiLayerNetwork.load(base, false);
        INDArray before = network.params().dup();
        AdapterSet adapters = AdapterSet.on(network);
        for (String customer : CUSTOMERS) {
            adapters.add(customer, PeftDirectory.read(out.resolve(customer)));
        }
        System.out.printf("%-16s%16s%16s%n", "answers for", "base", "own adapter");
        for (String customer : CUSTOMERS) {
            DataSet questions = questions(customer, 1000, 7);
            double shared = accuracy(network, adapters, questions);
            adapters.activate(customer);
            double own = accuracy(network, adapters, questions);
            adapters.disable();
            System.out.printf("%-16s%14.1f %%%14.1f %%%n", customer, 100 * shared, 100 * own);
        }
        System.out.println("the base is as it was: " + network.params().equalsWithEps(before, 0));
    }

    private static void trainBase(File file) throws IOException {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(3e-3))
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(INPUTS)
                        .nOut(64)
                        .activation(Activation.TANH)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(64)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder()
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        network.fit(batches(questions(EVERYBODY, 2000, 1)), 10);
        network.save(file, true);
    }

    /** Stock DL4J but for the annotation, which makes the agent train adapters beside the hidden layers. */
    @LowRank(rank = 4, alpha = 8)
    private static MultiLayerNetwork tune(File base, String customer) throws IOException {
        MultiLayerNetwork network = MultiLayerNetwork.load(base, false);
        network.fit(batches(questions(customer, 1000, 2)), 20);
        return network;
    }

    /** While one request is answered, no other thread may change the adapter. */
    private static double accuracy(MultiLayerNetwork network, AdapterSet adapters, DataSet questions) {
        return adapters.exclusively(() -> network.evaluate(batches(questions)).accuracy());
    }

    private static ListDataSetIterator<DataSet> batches(DataSet data) {
        return new ListDataSetIterator<>(data.asList(), 50);
    }

    /** Questions with the answers that a customer wants: everybody's, but for one direction of the inputs. */
    private static DataSet questions(String customer, int count, long seed) {
        Nd4j.getRandom().setSeed(1);
        INDArray rule = Nd4j.randn(INPUTS, CLASSES);
        if (!customer.equals(EVERYBODY)) {
            Nd4j.getRandom().setSeed(customer.hashCode());
            rule.addi(Nd4j.randn(INPUTS, 1).mmul(Nd4j.randn(1, CLASSES)).muli(2));
        }
        Nd4j.getRandom().setSeed(seed);
        INDArray features = Nd4j.randn(count, INPUTS);
        int[] answers = features.mmul(rule).argMax(1).toIntVector();
        return new DataSet(features, FeatureUtil.toOutcomeMatrix(answers, CLASSES));
    }
}
