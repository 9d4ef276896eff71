package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

/** In a program's own loop of {@code fit(DataSet)} weights may lag from call to call, as long as nobody can tell. */
class LaggingAcrossCallsTest {

    private static final double TOLERANCE = 1e-12;
    private static final int STEPS = 12;

    @LowRank(rank = 2, bias = "all", options = "lora.merge=fit")
    private static MultiLayerNetwork lagging() {
        return Nets.initialised(configuration());
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=step")
    private static MultiLayerNetwork inEveryStep() {
        return Nets.initialised(configuration());
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=fit")
    private static MultiLayerNetwork withArray(INDArray parameters) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration());
        network.init(parameters, false);
        return network;
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=fit")
    private static MultiLayerNetwork restored(File file) throws IOException {
        return MultiLayerNetwork.load(file, true);
    }

    /** A class of the program's has the fields of the network. */
    private static final class Own extends MultiLayerNetwork {
        private static final long serialVersionUID = 1L;

        Own(MultiLayerConfiguration configuration) {
            super(configuration);
        }
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=fit")
    private static MultiLayerNetwork ownClass() {
        MultiLayerNetwork network = new Own(configuration());
        network.init();
        return network;
    }

    private static MultiLayerConfiguration configuration() {
        return Nets.layers(Nets.settings(DataType.DOUBLE, new Adam(0.02)).l2(0.01));
    }

    private static DataSet batch(int step) {
        return Data.classes(100 + 2L * step, DataType.DOUBLE, 5, Nets.INPUTS, Nets.CLASSES);
    }

    private static MultiLayerNetwork trained(MultiLayerNetwork network, int from, int to) {
        for (int step = from; step < to; step++) {
            network.fit(batch(step));
        }
        return network;
    }

    private static List<Consumer<MultiLayerNetwork>> looks(Path folder) {
        return List.of(
                network -> network.output(batch(0).getFeatures()),
                network -> network.score(batch(1)),
                MultiLayerNetwork::clone,
                MultiLayerNetwork::summary,
                network -> save(network, folder.resolve("look.zip").toFile()));
    }

    private static File save(MultiLayerNetwork network, File file) {
        try {
            network.save(file, true);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return file;
    }

    @Test
    void looksAtAnyMomentChangeNothing(@TempDir Path folder) {
        INDArray expected = trained(inEveryStep(), 0, STEPS).params();
        List<Consumer<MultiLayerNetwork>> looks = looks(folder);
        for (int seed = 0; seed < 10; seed++) {
            Random random = new Random(seed);
            MultiLayerNetwork network = lagging();
            for (int step = 0; step < STEPS; step++) {
                trained(network, step, step + 1);
                if (random.nextInt(3) == 0) {
                    looks.get(random.nextInt(looks.size())).accept(network);
                }
            }
            Nets.assertClose(expected, network.params(), TOLERANCE, "parameters with the looks of seed " + seed);
        }
    }

    /** What lags is caught up with before each next step: there is nothing to gain from lagging. */
    @Test
    void whoLooksAfterEveryStepHasEveryBitOfWeightsThatNeverLag() {
        MultiLayerNetwork network = lagging();
        for (int step = 0; step < STEPS; step++) {
            trained(network, step, step + 1).output(batch(0).getFeatures());
        }
        Nets.assertSame(trained(inEveryStep(), 0, STEPS).params(), network.params(), "parameters");
    }

    @Test
    void onlyToLookIsNoReasonToStopLagging(@TempDir Path folder) {
        MultiLayerNetwork network = trained(lagging(), 0, 2);
        for (Consumer<MultiLayerNetwork> look : looks(folder)) {
            look.accept(network);
            trained(network, 2, 3);
            INDArray before = WholeWeightsTest.memory(network).dup();
            trained(network, 3, 5);
            Nets.assertSame(
                    WholeWeightsTest.memory(network).reshape(-1).get(interval()),
                    before.reshape(-1).get(interval()),
                    "W of the first layer");
        }
    }

    private static INDArrayIndex interval() {
        return NDArrayIndex.interval(0, Nets.INPUTS * Nets.HIDDEN);
    }

    @Test
    void resumedTrainingIsTheSameBitForBit(@TempDir Path folder) throws IOException {
        MultiLayerNetwork through = trained(lagging(), 0, 5);
        File file = save(through, folder.resolve("model.zip").toFile());
        trained(through, 5, STEPS);
        MultiLayerNetwork resumed = trained(restored(file), 5, STEPS);
        Nets.assertSame(through.params(), resumed.params(), "parameters");
    }

    @Test
    void aCloneGoesOnBitForBit() {
        MultiLayerNetwork through = trained(lagging(), 0, 5);
        MultiLayerNetwork copy = trained(through.clone(), 5, STEPS);
        Nets.assertSame(trained(through, 5, STEPS).params(), copy.params(), "parameters");
    }

    @Test
    void updaterStatesCarryOver() {
        MultiLayerNetwork through = trained(lagging(), 0, 5);
        MultiLayerNetwork next = lagging();
        next.setParams(through.params().dup());
        next.getUpdater(true).setStateViewArray(next, through.updaterState().dup(), false);
        next.setIterationCount(5);
        Nets.assertClose(
                trained(through, 5, STEPS).params(), trained(next, 5, STEPS).params(), TOLERANCE, "parameters");
    }

    static Stream<Function<MultiLayerNetwork, INDArray>> arrays() {
        return Stream.of(
                MultiLayerNetwork::params,
                network -> network.getParam("0_W"),
                network -> network.paramTable().get("0_W"),
                network -> network.getLayer(0).params(),
                network -> network.getLayer(0).getParam("W"),
                network -> network.getLayers()[0].paramTable(true).get("W"),
                network -> {
                    network.computeGradientAndScore();
                    return network.getLayer(0).getParam("W");
                },
                network -> {
                    network.getLayer(0)
                            .setBackpropGradientsViewArray(
                                    network.getLayer(0).params().dup());
                    return network.getLayer(0).getParam("W");
                });
    }

    /** Whenever an array was taken, it shows each step. */
    @ParameterizedTest
    @MethodSource("arrays")
    void arraysShowEveryStep(Function<MultiLayerNetwork, INDArray> array) {
        for (int taken : new int[] {0, 1, 4}) {
            MultiLayerNetwork network = asked(trained(lagging(), 0, taken));
            MultiLayerNetwork eager = asked(trained(inEveryStep(), 0, taken));
            INDArray view = array.apply(network);
            INDArray expected = array.apply(eager);
            for (int step = taken; step < taken + 4; step++) {
                Nets.assertClose(expected, view, TOLERANCE, "before step " + step);
                trained(network, step, step + 1);
                trained(eager, step, step + 1);
                Nets.assertClose(expected, view, TOLERANCE, "after step " + step);
            }
        }
    }

    private static MultiLayerNetwork asked(MultiLayerNetwork network) {
        network.setInput(batch(0).getFeatures());
        network.setLabels(batch(0).getLabels());
        return network;
    }

    @Test
    void anArrayThatTheNetworkWasMadeWithShowsEveryStep() {
        INDArray parameters = inEveryStep().params().dup().reshape(1, -1);
        MultiLayerNetwork network = withArray(parameters);
        MultiLayerNetwork eager = inEveryStep();
        for (int step = 0; step < 4; step++) {
            trained(network, step, step + 1);
            trained(eager, step, step + 1);
            Nets.assertClose(eager.params(), parameters.reshape(-1), TOLERANCE, "after step " + step);
        }
    }

    @Test
    void aClassOfTheProgramsMaySeeEveryStep() {
        MultiLayerNetwork network = ownClass();
        MultiLayerNetwork eager = inEveryStep();
        for (int step = 0; step < 4; step++) {
            trained(network, step, step + 1);
            trained(eager, step, step + 1);
            Nets.assertClose(eager.params(), WholeWeightsTest.memory(network).reshape(-1), TOLERANCE, "after a step");
        }
    }

    @Test
    void anotherThreadThatLooksChangesNothing() throws InterruptedException {
        MultiLayerNetwork network = lagging();
        AtomicBoolean ends = new AtomicBoolean();
        AtomicReference<Throwable> failed = new AtomicReference<>();
        trained(network, 0, 1);
        Thread looking = new Thread(
                () -> {
                    while (!ends.get()) {
                        network.score(batch(3));
                        network.clone();
                    }
                },
                "looks");
        looking.setUncaughtExceptionHandler((thread, thrown) -> failed.set(thrown));
        MultiLayerNetwork idle = trained(lagging(), 0, 1);
        Thread.currentThread().interrupt();
        trained(idle, 1, 8);
        assertEquals(true, Thread.interrupted(), "a step leaves an interruption to the program");
        Nets.assertClose(trained(inEveryStep(), 0, 8).params(), idle.params(), TOLERANCE, "parameters");
        Thread reader = new Thread(() -> idle.output(batch(0).getFeatures()));
        reader.start();
        reader.join();
        looking.start();
        looking.join(50);
        ends.set(true);
        looking.join();
        assertNull(failed.get());
        Nets.assertClose(
                trained(inEveryStep(), 0, STEPS).params(),
                trained(network, 1, STEPS).params(),
                TOLERANCE,
                "parameters");
    }

    @Test
    void aStepThatFailsLosesNothing() {
        MultiLayerNetwork network = trained(lagging(), 0, 4);
        MultiLayerNetwork eager = trained(inEveryStep(), 0, 4);
        for (MultiLayerNetwork one : List.of(network, eager)) {
            try {
                one.fit(Data.classes(1, DataType.DOUBLE, 5, Nets.INPUTS + 1, Nets.CLASSES));
            } catch (RuntimeException refused) {
                assertEquals(true, refused.getMessage().contains("columns"), refused.getMessage());
            }
        }
        Nets.assertClose(trained(eager, 4, 8).params(), trained(network, 4, 8).params(), TOLERANCE, "parameters");
    }
}
