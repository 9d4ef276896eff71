package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.ParallelWrapper.TrainingMode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.method.Replicable;
import org.lowrank4j.method.Replication;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Every method that says that replicas may follow it does on replicas what it does on one machine. */
class ReplicatedMethodsTest {

    private static final int ROUNDS = 10;

    /** Intervals that pass within the test. */
    private static final Map<String, Map<String, String>> OPTIONS = Map.of(
            "relora",
            Map.of(
                    "relora.total-steps",
                    "12",
                    "relora.restart",
                    "4",
                    "relora.first-warmup",
                    "1",
                    "relora.restart-warmup",
                    "1"),
            "switchlora",
            Map.of("switchlora.interval", "4", "switchlora.freeze", "1"),
            "adalora",
            Map.of("adalora.total-steps", "10"),
            "random-subspace",
            Map.of("random-subspace.dimension", "20"),
            "mfac",
            Map.of("mfac.window", "4"),
            "powersgd",
            Map.of("powersgd.start", "2", "powersgd.least-ratio", "0.1"),
            "fira",
            Map.of("fira.refresh", "3"),
            "apollo",
            Map.of("apollo.refresh", "3"));

    private static Stream<Arguments> methods(Replication common) {
        Methods methods = Methods.load();
        return Stream.concat(
                        methods.updates().stream().map(update -> new Object[] {"update", update}),
                        methods.gradients().stream().map(gradient -> new Object[] {"gradient", gradient}))
                .filter(method -> ((Replicable) method[1]).replicates().contains(common))
                .map(method -> Arguments.of(method[0], ((Replicable) method[1]).name()));
    }

    static Stream<Arguments> sharedGradients() {
        return methods(Replication.GRADIENTS);
    }

    static Stream<Arguments> sharedValues() {
        return methods(Replication.VALUES);
    }

    private static MultiLayerNetwork network(Map<String, String> rule, IUpdater updater) {
        List<MultiLayerNetwork> made = new ArrayList<>();
        JvmRules.with(rule, () -> made.add(Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, updater)))));
        return made.get(0);
    }

    private static List<DataSet> batches() {
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < 2 * ROUNDS; i++) {
            batches.add(Data.classes(i, DataType.DOUBLE, 8, Nets.INPUTS, Nets.CLASSES));
        }
        return batches;
    }

    private static ParallelWrapper wrapper(Model model) {
        return new ParallelWrapper.Builder<>(model)
                .workers(2)
                .prefetchBuffer(0)
                .averagingFrequency(1)
                .trainingMode(TrainingMode.AVERAGING)
                .build();
    }

    private static void compare(String key, String method, String exchange, IUpdater updater) {
        Map<String, String> rule = new HashMap<>(OPTIONS.getOrDefault(method, Map.of()));
        rule.putAll(Map.of("rank", "2", key, method, "exchange", exchange, "layers", "0..1"));
        MultiLayerNetwork one = network(rule, updater);
        MultiLayerNetwork many = network(rule, updater);
        List<DataSet> batches = batches();
        for (int i = 0; i < batches.size(); i += 2) {
            one.fit(DataSet.merge(batches.subList(i, i + 2)));
        }
        wrapper(many).fit(new ListDataSetIterator<>(batches, 1));
        INDArray before = Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, updater)))
                .params();
        Nets.assertMoved(before, many.params(), "the network");
        Nets.assertClose(one.params(), many.params(), 1e-12, "parameters");
    }

    @ParameterizedTest
    @MethodSource("sharedGradients")
    void withTheMeanOfTheGradients(String key, String method) {
        compare(key, method, "mean", new Adam(0.01));
    }

    /** One step of plain SGD between two means. */
    @ParameterizedTest
    @MethodSource("sharedValues")
    void withTheMeanOfTheValues(String key, String method) {
        compare(key, method, "factors", new Sgd(0.1));
    }

    /** Replicas whose series have unlike numbers of stretches do not take the same number of steps in a round. */
    @Test
    @Timeout(60)
    void waitsForNoStepThatNeverComes() {
        List<MultiLayerNetwork> made = new ArrayList<>();
        JvmRules.with(
                Map.of("rank", "2", "exchange", "mean"),
                () -> made.add(Nets.initialised(Nets.settings(DataType.DOUBLE, new Adam(0.01))
                        .list()
                        .layer(new LSTM.Builder()
                                .nIn(Nets.INPUTS)
                                .nOut(5)
                                .activation(Activation.TANH)
                                .build())
                        .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                                .activation(Activation.SOFTMAX)
                                .nIn(5)
                                .nOut(Nets.CLASSES)
                                .build())
                        .backpropType(BackpropType.TruncatedBPTT)
                        .tBPTTLength(4)
                        .build())));
        List<DataSet> series = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            int steps = i % 2 == 0 ? 4 : 12;
            series.add(Data.sequences(i, DataType.DOUBLE, 3, Nets.INPUTS, Nets.CLASSES, steps));
        }
        MultiLayerNetwork network = made.get(0);
        wrapper(network).fit(new ListDataSetIterator<>(series, 1));
        assertEquals(3, network.getIterationCount());
    }

    /** Takes the parameters of each replica as it begins its last step, after the last mean but one. */
    private static final class LastForward extends BaseTrainingListener {

        private final List<INDArray> seen = new ArrayList<>();
        private final int last;

        LastForward(int last) {
            this.last = last;
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            if (((MultiLayerNetwork) model).getIterationCount() == last) {
                try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                    synchronized (seen) {
                        seen.add(model.params().dup());
                    }
                }
            }
        }
    }

    @Test
    @Tag("slow")
    void aThousandRoundsDoNotDrift() {
        int rounds = 1000;
        MultiLayerNetwork network = network(Map.of("rank", "2"), new Adam(1e-3));
        List<DataSet> batches = new ArrayList<>();
        while (batches.size() < 2 * rounds) {
            batches.addAll(batches());
        }
        ParallelWrapper wrapper = wrapper(network);
        LastForward last = new LastForward(rounds - 1);
        wrapper.setListeners(last);
        wrapper.fit(new ListDataSetIterator<>(batches, 1));
        assertEquals(2, last.seen.size());
        INDArray one = last.seen.get(0);
        double drift = one.sub(last.seen.get(1)).norm2Number().doubleValue()
                / one.norm2Number().doubleValue();
        assertTrue(drift < 1e-13, () -> "replicas differ by " + drift);
    }

    @Test
    @Tag("slow")
    void manyFitsLeaveNothingBehind() {
        MultiLayerNetwork network = network(Map.of("rank", "2"), new Adam(1e-3));
        ParallelWrapper wrapper = wrapper(network);
        long before = 0;
        int fits = 60;
        for (int fit = 0; fit < fits; fit++) {
            if (fit == fits / 3) {
                before = memory();
            }
            wrapper.fit(new ListDataSetIterator<>(batches(), 1));
        }
        long grown = memory() - before;
        assertTrue(grown < 100_000, () -> grown + " bytes more");
        assertEquals(
                0,
                Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("ParallelWrapper training"))
                        .count());
    }

    /** Outside of the heap, once what nobody holds is free. */
    private static long memory() {
        for (int i = 0; i < 5; i++) {
            System.gc();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
        }
        return Pointer.totalBytes();
    }
}
