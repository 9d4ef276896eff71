package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Method;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** The average of what trains stands in its place between two fits, and training goes on without it. */
class AveragedWeightsTest {

    private static final DataSet BATCH = Data.classes(11, DataType.DOUBLE, 24, Nets.INPUTS, Nets.CLASSES);
    private static final double RHO = Math.pow(0.5, 24 / 100.0);

    private static MultiLayerNetwork network(IUpdater updater, String... more) {
        Map<String, String> rule = new HashMap<>(Map.of("rank", "2", "bias", "all"));
        for (int i = 0; i < more.length; i += 2) {
            rule.put(more[i], more[i + 1]);
        }
        return Rules.during(rule, () -> Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, updater))));
    }

    private static MultiLayerNetwork averaged(IUpdater updater, String... more) {
        List<String> all = new ArrayList<>(List.of("average", "ema", "ema.halflife", "100", "ema.warmup", "no"));
        all.addAll(List.of(more));
        return network(updater, all.toArray(String[]::new));
    }

    private static void fit(MultiLayerNetwork network, int steps) {
        for (int i = 0; i < steps; i++) {
            network.fit(BATCH);
        }
    }

    private static void fitIterator(MultiLayerNetwork network, int steps) {
        network.fit(new ListDataSetIterator<>(Collections.nCopies(steps, BATCH), 1));
    }

    /** What trains, after each step. */
    private static final class Trajectory extends BaseTrainingListener {
        private final List<INDArray> weights = new ArrayList<>();

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            weights.add(model.params().dup());
        }
    }

    static Stream<String> names() {
        return Methods.load().averages().stream().map(Method::name);
    }

    @ParameterizedTest
    @CsvSource({"full", "relora"})
    void isTheMeanOfTheWeightsOfAllSteps(String update) {
        MultiLayerNetwork network = averaged(new Adam(0.01), "update", update);
        INDArray mean = network.params().dup();
        Trajectory trajectory = new Trajectory();
        network.setListeners(trajectory);
        fit(network, 5);
        fitIterator(network, 4);
        for (INDArray weights : trajectory.weights) {
            mean.muli(RHO).addi(weights.mul(1 - RHO));
        }
        assertEquals(9, trajectory.weights.size());
        assertTrue(mean.distance2(trajectory.weights.get(8)) > 1e-3, "it is not what trains");
        Nets.assertClose(mean, network.params(), 1e-12, update);
    }

    /** A and B have their means, and W is W0 + s A B of them. */
    @Test
    void keepsTheRankOfAnAdapter() {
        MultiLayerNetwork network = averaged(new Adam(0.05));
        INDArray before = network.getParam("0_W").dup();
        Trajectory trajectory = new Trajectory();
        network.setListeners(trajectory);
        fit(network, 10);
        INDArray change = network.getParam("0_W").sub(before);
        double[] values = ThinSvd.of(change).singularValues();
        assertTrue(values[1] > 1e-3 * values[0], "of rank 2");
        assertTrue(values[2] < 1e-12 * values[0], "and no more: " + values[2] / values[0]);
        assertTrue(trajectory.weights.get(9).distance2(network.params()) > 1e-3, "it is not what trains");
    }

    @ParameterizedTest
    @CsvSource({"lora", "dora", "vera", "full", "adalora", "random-subspace"})
    void trainingGoesOnAsWithoutIt(String update) {
        String[] options = switch (update) {
            case "random-subspace" -> new String[] {"update", update, "random-subspace.dimension", "20"};
            case "adalora" -> new String[] {"update", update, "adalora.total-steps", "100"};
            default -> new String[] {"update", update};
        };
        MultiLayerNetwork with = averaged(new Adam(0.01), options);
        MultiLayerNetwork without = network(new Adam(0.01), options);
        Trajectory trajectory = new Trajectory();
        Trajectory expected = new Trajectory();
        with.setListeners(trajectory);
        without.setListeners(expected);
        for (MultiLayerNetwork network : List.of(with, without)) {
            fit(network, 6);
            fitIterator(network, 6);
            fit(network, 2);
        }
        for (int i = 0; i < 14; i++) {
            Nets.assertClose(expected.weights.get(i), trajectory.weights.get(i), 1e-12, "step " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void goesOnBitForBit(String name) {
        Map<String, String> rule = new HashMap<>(Map.of("rank", "2", "bias", "all", "average", name));
        if (name.equals("lawa")) {
            rule.put("lawa.every", "2");
        }
        Rules.during(rule, () -> {
            MultiLayerNetwork network = Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Adam(0.01))));
            fit(network, 7);
            MultiLayerNetwork copy = saved(network);
            Nets.assertSame(network.params(), copy.params(), "saved is the average");
            fit(network, 6);
            fit(copy, 6);
            Nets.assertSame(network.params(), copy.params(), name);
            return network;
        });
    }

    private static MultiLayerNetwork saved(MultiLayerNetwork network) {
        try {
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            ModelSerializer.writeModel(network, file, true);
            return ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(file.toByteArray()), true);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static MultiLayerNetwork read(File file) {
        try {
            return ModelSerializer.restoreMultiLayerNetwork(file, true);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Test
    void whatAProgramWritesIsTrained() {
        MultiLayerNetwork with = averaged(new Sgd(0.1), "update", "full");
        MultiLayerNetwork without = network(new Sgd(0.1), "update", "full");
        fit(with, 5);
        INDArray written = with.params().mul(0.5);
        with.setParams(written);
        without.setParams(written.dup());
        Trajectory trajectory = new Trajectory();
        with.setListeners(trajectory);
        fit(with, 1);
        fit(without, 1);
        Nets.assertSame(without.params(), trajectory.weights.get(0), "the step from what was written");
        Nets.assertClose(written.mul(RHO).add(without.params().mul(1 - RHO)), with.params(), 1e-12, "and its average");
    }

    private static ParallelWrapper wrapper(MultiLayerNetwork network) {
        return new ParallelWrapper.Builder<>(network)
                .workers(2)
                .prefetchBuffer(0)
                .trainingMode(ParallelWrapper.TrainingMode.AVERAGING)
                .averagingFrequency(1)
                .build();
    }

    @Test
    void replicasHaveTheAverageOfOneMachine() {
        MultiLayerNetwork replicated = averaged(new Adam(0.01), "exchange", "mean");
        MultiLayerNetwork alone = averaged(new Adam(0.01));
        List<DataSet> halves = BATCH.batchBy(12);
        List<DataSet> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.addAll(halves);
        }
        wrapper(replicated).fit(new ListDataSetIterator<>(all, 1));
        fit(alone, 5);
        Nets.assertClose(alone.params(), replicated.params(), 1e-12, "after replicas");
        fit(replicated, 2);
        fit(alone, 2);
        Nets.assertClose(alone.params(), replicated.params(), 1e-12, "and alone again");
    }

    /** W is W0 + s A B again after each switch: of A and B, where the update has a mean, else of W. */
    @ParameterizedTest
    @CsvSource({"full", "lora", "dora", "relora"})
    void anEpochGoesOnFromTheAverage(String update) {
        MultiLayerNetwork network = network(
                new Sgd(0.1), "update", update, "average", "switch-ema", "switch-ema.mu", "0.6", "bias", "none");
        fitIterator(network, 4);
        INDArray average = network.params().dup();
        network.setLearningRate(0);
        Trajectory trajectory = new Trajectory();
        network.setListeners(trajectory);
        network.fit(new ListDataSetIterator<>(List.of(BATCH), 1), 2);
        Nets.assertClose(average, trajectory.weights.get(0), 1e-12, "a step of a further epoch, of no length");
        network.setLearningRate(0.1);
        fitIterator(network, 4);
        assertTrue(
                trajectory.weights.get(5).distance2(network.params()) > 1e-3, "within the epoch it is not the average");
        trajectory.weights.clear();
        network.setLearningRate(0);
        INDArray last = network.params().dup();
        network.fit(new ListDataSetIterator<>(List.of(BATCH), 1), 1);
        Nets.assertClose(last, trajectory.weights.get(0), 1e-12, "and the next");
    }

    @Test
    void anEpochOfAFitOfSeveralGoesOnFromTheAverage() {
        String[] rule = {"update", "full", "average", "switch-ema", "switch-ema.mu", "0.6"};
        MultiLayerNetwork atOnce = network(new Adam(0.01), rule);
        MultiLayerNetwork oneByOne = network(new Adam(0.01), rule);
        MultiLayerNetwork without = network(new Adam(0.01), "update", "full");
        atOnce.fit(new ListDataSetIterator<>(Collections.nCopies(4, BATCH), 1), 3);
        for (int i = 0; i < 3; i++) {
            fitIterator(oneByOne, 4);
        }
        without.fit(new ListDataSetIterator<>(Collections.nCopies(4, BATCH), 1), 3);
        Nets.assertSame(oneByOne.params(), atOnce.params(), "three epochs");
        assertTrue(without.params().distance2(atOnce.params()) > 1e-3, "not as without an average");
    }

    @ParameterizedTest
    @CsvSource({"full", "lora"})
    void trainingGoesOnFromTheAverageEveryThirdStep(String update) {
        MultiLayerNetwork network = network(
                new Sgd(0.1),
                "update",
                update,
                "average",
                "switch-ema",
                "switch-ema.mu",
                "0.7",
                "switch-ema.switch",
                "3");
        List<INDArray> shown = new ArrayList<>();
        Trajectory trajectory = new Trajectory();
        network.setListeners(trajectory);
        for (int i = 0; i < 7; i++) {
            network.setLearningRate(i % 3 == 0 ? 0 : 0.1);
            fit(network, 1);
            shown.add(network.params().dup());
        }
        for (int i = 3; i < 7; i += 3) {
            Nets.assertClose(shown.get(i - 1), trajectory.weights.get(i), 1e-12, "step " + i);
        }
        assertTrue(shown.get(4).distance2(trajectory.weights.get(5)) > 1e-3, "not after the others");
    }

    /** mu of each step from what the average did, where theta is known. */
    @ParameterizedTest
    @CsvSource({
        "none, 0, 0.8, 0.8, 0.8",
        "constant, 1, 0.4, 0.4, 0.8",
        "linear, 1, 0.4, 0.8, 0.8",
        "exp, 1, 0.4, 0.8, 0.8",
        "linear, 2, 0.4, 0.6, 0.8"
    })
    void muStartsAsTheWarmUpSays(String warmup, int steps, double first, double second, double third) {
        MultiLayerNetwork network = network(
                new Sgd(0.1),
                "update",
                "full",
                "average",
                "switch-ema",
                "switch-ema.mu",
                "0.8",
                "switch-ema.warmup",
                warmup,
                "switch-ema.warmup-steps",
                Integer.toString(steps),
                "switch-ema.warmup-ratio",
                "0.5");
        INDArray expected = network.params().dup();
        Trajectory trajectory = new Trajectory();
        network.setListeners(trajectory);
        for (double mu : new double[] {first, second, third}) {
            fit(network, 1);
            expected.muli(mu)
                    .addi(trajectory.weights.get(trajectory.weights.size() - 1).mul(1 - mu));
            Nets.assertClose(expected, network.params(), 1e-13, "mu " + mu);
        }
    }

    @Test
    void replicasSwitchWithTheEpochs() {
        MultiLayerNetwork replicated =
                network(new Adam(0.01), "average", "switch-ema", "switch-ema.mu", "0.6", "exchange", "mean");
        MultiLayerNetwork alone = network(new Adam(0.01), "average", "switch-ema", "switch-ema.mu", "0.6");
        List<DataSet> halves = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            halves.addAll(BATCH.batchBy(12));
        }
        ParallelWrapper wrapper = wrapper(replicated);
        for (int epoch = 0; epoch < 3; epoch++) {
            wrapper.fit(new ListDataSetIterator<>(halves, 1));
            fitIterator(alone, 3);
            Nets.assertClose(alone.params(), replicated.params(), 1e-12, "epoch " + epoch);
        }
    }

    /** The average stays where it was. */
    @Test
    void aStepThatIsLeftOutLeavesTheAverageInItsPlace() {
        MultiLayerNetwork network = averaged(new Adam(0.01), "update", "full");
        fit(network, 3);
        INDArray average = network.params().dup();
        DataSet broken = BATCH.copy();
        broken.getFeatures().putScalar(2, 3, Double.NaN);
        network.fit(broken);
        Nets.assertSame(average, network.params(), "after a step that is not finite");
    }

    /** What an earlier version saved under {@code update=switch-ema} has the weights that were trained. */
    @Test
    void whatWasSavedAsAnUpdateGoesOnFromItsWeights() throws IOException {
        File earlier = new File("src/test/resources/saved/switch-ema-exact.zip");
        Map<String, String> rule = new HashMap<>(Map.of("rank", "2", "seed", "7", "update", "full"));
        INDArray saved =
                ModelSerializer.restoreMultiLayerNetwork(earlier).params().dup();
        rule.put("average", "switch-ema");
        MultiLayerNetwork network = Rules.during(rule, () -> read(earlier));
        network.setLearningRate(0);
        List<String> said = CapturedErrors.of(() -> fit(network, 1));
        assertEquals(
                1,
                CapturedErrors.containing(said, "training starts with new adapters on the saved weights")
                        .size(),
                said.toString());
        assertEquals(1, CapturedErrors.containing(said, "update=switch-ema").size(), said.toString());
        Nets.assertSame(saved, network.params(), "rate 0");
    }

    @Test
    void theReportHasOneArray() {
        MultiLayerNetwork network = averaged(new Adam(0.01));
        List<String> said = CapturedErrors.of(() -> fit(network, 1));
        List<String> memory = CapturedErrors.containing(said, "memory of the methods");
        assertEquals(1, memory.size(), said.toString());
        assertTrue(String.join(" ", said).contains("average.copies 2x"), said.toString());
        assertEquals(0, CapturedErrors.containing(said, "copy0").size(), said.toString());
    }

    @Test
    void atRateZeroNothingMoves() {
        MultiLayerNetwork network = averaged(new Sgd(0));
        INDArray before = network.params().dup();
        fit(network, 3);
        fitIterator(network, 3);
        Nets.assertSame(before, network.params(), "the average of what stands still");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "average=emu|unknown average 'emu'|Did you mean 'ema'?",
                "average=ema,ema.halflife=0|ema.halflife=0 is refused|above 0",
                "average=post-hoc-ema,post-hoc-ema.first=0.3|post-hoc-ema.first=0.3 is refused|0.288",
                "update=switch-ema|unknown update 'switch-ema'|Did you mean average=switch-ema?",
                "average=switch-ema,switch-ema.mu=1|switch-ema.mu=1 is refused|from 0 to below 1",
                "average=switch-ema,switch-ema.switch=often|switch-ema.switch=often is refused|above 0",
                "average=switch-ema,switch-ema.warmup=linear|do not go together|Set both or neither",
                "average=switch-ema,switch-ema.warmup-steps=5|do not go together|Set both or neither",
                "average=switch-ema,switch-ema.warmup-ratio=1.5|warmup-ratio=1.5 is refused|at most 1",
                "average=switch-ema,switch-ema.warmup=cosine|switch-ema.warmup=cosine|one of none, constant, linear, exp",
                "average=lawa,ema.halflife=3|belongs to 'ema', which is not chosen|lawa.every",
            })
    void whatCannotBeHadStopsFirst(String rule, String problem, String advice) {
        MultiLayerNetwork network = network(new Sgd(0.05), rule.split("[,=]"));
        INDArray before = network.params().dup();
        String message =
                assertThrows(LowRankException.class, () -> network.fit(BATCH)).getMessage();
        assertTrue(message.contains(problem) && message.contains(advice), message);
        Nets.assertSame(before, network.params(), "nothing moved");
    }
}
