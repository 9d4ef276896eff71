package merging;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Combination;
import org.lowrank4j.adapter.Combination.Weighted;
import org.lowrank4j.adapter.Merge;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.util.FeatureUtil;

/** Two teams have trained an adapter each on one base; both become one adapter, and base and adapter one plain model. */
public final class Combine {

    private static final int INPUTS = 20;
    private static final int CLASSES = 4;
    private static final int RANK = 4;

    /** The first team's questions have the first half of the inputs, the second one's the other half. */
    private static final List<Integer> TEAMS = List.of(1, 2);

    private static final int EVERYBODY = 0;

    private Combine() {}

    public static void main(String[] args) throws IOException {
        Path out = Files.createDirectories(Path.of(args.length > 0 ? args[0] : "target/merging"));
        Path base = out.resolve("base.zip");
        trainBase(base.toFile());
        Map<String, Path> models = new LinkedHashMap<>(Map.of("base", base));
        List<Weighted> adapters = new ArrayList<>();
        for (int team : TEAMS) {
            Path tuned = out.resolve("team" + team + ".zip");
            tune(base.toFile(), team).save(tuned.toFile(), true);
            models.put("team " + team, tuned);
            adapters.add(new Weighted(TrainedAdapter.of(ModelFile.read(base), ModelFile.read(tuned)), 1));
        }
        Map<String, Adapter> combinations = new LinkedHashMap<>();
        combinations.put("sum", Combination.concatenated(adapters));
        combinations.put("sum, cut", Combination.truncated(adapters, RANK));
        combinations.put("ties", Combination.tiesOfUpdates(adapters, 0.5, RANK));
        for (Map.Entry<String, Adapter> combination : combinations.entrySet()) {
            Path merged = out.resolve(combination.getKey().replace(", ", "-") + ".zip");
            // Checks that the adapter belongs to the base, and that the merged model computes the same.
            Merge.write(ModelFile.read(base), combination.getValue(), merged, false);
            models.put(combination.getKey(), merged);
        }

        System.out.printf("%-12s%16s%16s%n", "model", "team 1's", "team 2's");
        for (Map.Entry<String, Path> model : models.entrySet()) {
            MultiLayerNetwork network = MultiLayerNetwork.load(model.getValue().toFile(), false);
            System.out.printf("%-12s", model.getKey());
            TEAMS.forEach(team -> System.out.printf("%14.1f %%", 100 * accuracy(network, questions(team, 1000, 7))));
            System.out.println();
        }
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

    /** Only factors are trained, which can be combined; an output layer that each team trained for itself could not. */
    @LowRank(rank = RANK, alpha = RANK, train = "none")
    private static MultiLayerNetwork tune(File base, int team) throws IOException {
        MultiLayerNetwork network = MultiLayerNetwork.load(base, false);
        network.fit(batches(questions(team, 1000, 2)), 20);
        return network;
    }

    private static double accuracy(MultiLayerNetwork network, DataSet data) {
        return network.evaluate(batches(data)).accuracy();
    }

    private static ListDataSetIterator<DataSet> batches(DataSet data) {
        return new ListDataSetIterator<>(data.asList(), 50);
    }

    /** Questions with their answers; for a team's own there are other answers than the base has learned. */
    private static DataSet questions(int team, int count, long seed) {
        Nd4j.getRandom().setSeed(1);
        INDArray rule = Nd4j.randn(INPUTS, CLASSES);
        Nd4j.getRandom().setSeed(seed);
        INDArray features = Nd4j.randn(count, INPUTS);
        if (team != EVERYBODY) {
            Nd4j.getRandom().setSeed(10 + team);
            rule.addi(Nd4j.randn(INPUTS, 1).mmul(Nd4j.randn(1, CLASSES)).muli(1.5));
            for (int input = 0; input < INPUTS; input++) {
                features.getColumn(input).muli(input / (INPUTS / 2) == team - 1 ? 1 : 0);
            }
        }
        int[] answers = features.mmul(rule).argMax(1).toIntVector();
        return new DataSet(features, FeatureUtil.toOutcomeMatrix(answers, CLASSES));
    }
}
