package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Programs that copy the state of an updater, or change its rates, do so with that of what is trained. */
class UpdaterStateTest {

    @LowRank(rank = 2, bias = "all")
    private static NeuralNetwork lora(boolean graph, DataType type, IUpdater updater) {
        return network(graph, type, updater);
    }

    @LowRank(rank = 2, update = "switchlora")
    private static NeuralNetwork switchLora(boolean graph, DataType type, IUpdater updater) {
        return network(graph, type, updater);
    }

    @LowRank(rank = 2, gradient = "galore", options = "galore.refresh=2")
    private static NeuralNetwork galore(boolean graph, DataType type, IUpdater updater) {
        return network(graph, type, updater);
    }

    private interface Maker {
        NeuralNetwork make(boolean graph, DataType type, IUpdater updater);
    }

    private static final List<Maker> METHODS =
            List.of(UpdaterStateTest::lora, UpdaterStateTest::switchLora, UpdaterStateTest::galore);

    private static NeuralNetwork network(boolean graph, DataType type, IUpdater updater) {
        return graph
                ? Nets.initialised(Nets.graph(Nets.settings(type, updater)))
                : Nets.initialised(Nets.layers(Nets.settings(type, updater)));
    }

    private static BaseMultiLayerUpdater<?> updater(NeuralNetwork network) {
        return network instanceof MultiLayerNetwork layers
                ? (BaseMultiLayerUpdater<?>) layers.getUpdater()
                : ((ComputationGraph) network).getUpdater();
    }

    private static void fit(NeuralNetwork network, int from, int to) {
        DataType type = ((Model) network).params().dataType();
        for (int i = from; i < to; i++) {
            network.fit(Data.classes(i, type, 6, Nets.INPUTS, Nets.CLASSES));
        }
    }

    private static void count(NeuralNetwork network, int iterations) {
        if (network instanceof MultiLayerNetwork layers) {
            layers.setIterationCount(iterations);
        } else {
            ((ComputationGraph) network).getConfiguration().setIterationCount(iterations);
        }
    }

    /** As programs do that pass a training on by hand; {@code trained} is how far the receiving network has come. */
    @ParameterizedTest
    @CsvSource({"false, FLOAT, 3", "true, FLOAT, 3", "false, DOUBLE, 0", "true, FLOAT, 0"})
    void aTrainingThatIsCopiedByHandGoesOnBitForBit(boolean graph, DataType type, int trained) {
        for (Maker method : METHODS) {
            NeuralNetwork from = method.make(graph, type, new Adam(0.02));
            NeuralNetwork to = method.make(graph, type, new Adam(0.02));
            fit(from, 0, 6);
            fit(to, 20, 20 + trained);
            ((Model) to).setParams(((Model) from).params().dup());
            INDArray state = present(updater(from).getStateViewArray());
            updater(to).setStateViewArray(state.dup());
            count(to, 6);
            fit(from, 6, 10);
            fit(to, 6, 10);
            Nets.assertSame(((Model) from).params(), ((Model) to).params(), "parameters");
        }
    }

    private static INDArray present(INDArray state) {
        assertNotNull(state);
        return state;
    }

    private static final class Kept {
        @LowRank(rank = 2)
        private final NeuralNetwork network;

        Kept(NeuralNetwork network) {
            this.network = network;
        }
    }

    @LowRank(rank = 2)
    private static NeuralNetwork loaded(Path file, boolean graph, boolean updater) throws IOException {
        return graph ? ComputationGraph.load(file.toFile(), updater) : MultiLayerNetwork.load(file.toFile(), updater);
    }

    /** A base zip has a state of all weights: with updaters that need none, or unread, there is nothing to say. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStateOfAllWeightsThatIsLeftOutIsSaid(boolean graph, @TempDir Path folder) throws IOException {
        NeuralNetwork base = network(graph, DataType.FLOAT, new Adam(0.02));
        fit(base, 0, 2);
        Path file = folder.resolve("base.zip");
        ModelSerializer.writeModel((Model) base, file.toFile(), true);
        assertEquals(1, leftOut(loaded(file, graph, true)));
        assertEquals(0, leftOut(loaded(file, graph, false)));
        assertEquals(1, leftOut(new Kept(base).network));
        assertEquals(0, leftOut(lora(graph, DataType.FLOAT, new Adam(0.02))));

        NeuralNetwork trained = loaded(file, graph, false);
        fit(trained, 0, 2);
        ModelSerializer.writeModel((Model) trained, file.toFile(), true);
        assertEquals(0, leftOut(loaded(file, graph, true)));
    }

    private static int leftOut(NeuralNetwork network) {
        List<String> said = CapturedErrors.of(() -> fit(network, 0, 2));
        return CapturedErrors.containing(said, "the state of the updater that the network came with (")
                .size();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theStateOfTheUpdaterIsLive(boolean graph) {
        NeuralNetwork network = lora(graph, DataType.FLOAT, new Adam(0.02));
        NeuralNetwork other = lora(graph, DataType.FLOAT, new Adam(0.02));
        fit(network, 0, 3);
        fit(other, 0, 3);
        updater(network).getStateViewArray().assign(0);
        INDArray state = updater(other).getStateViewArray();
        updater(other).setStateViewArray(Nd4j.zeros(state.dataType(), state.length()));
        INDArray before = ((Model) network).params().dup();
        fit(network, 3, 6);
        fit(other, 3, 6);
        Nets.assertSame(((Model) network).params(), ((Model) other).params(), "parameters");
        Nets.assertMoved(before, ((Model) network).params(), "parameters: the adapters are not cleared");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRateOfZeroInTheBlocksStopsTheTraining(boolean graph) {
        NeuralNetwork network = lora(graph, DataType.FLOAT, new Sgd(0.1));
        fit(network, 0, 3);
        List<UpdaterBlock> blocks = updater(network).getUpdaterBlocks();
        assertEquals(1, blocks.size());
        blocks.forEach(block -> ((Sgd) block.getGradientUpdater().getConfig()).setLearningRate(0));
        INDArray before = ((Model) network).params().dup();
        fit(network, 3, 6);
        Nets.assertSame(before, ((Model) network).params(), "parameters");
    }

    @Test
    void aStateOfAnotherLengthIsRefused() {
        NeuralNetwork network = lora(false, DataType.FLOAT, new Adam(0.02));
        fit(network, 0, 1);
        LowRankException refused = assertThrows(
                LowRankException.class, () -> updater(network).setStateViewArray(Nd4j.zeros(DataType.FLOAT, 286)));
        assertEquals(true, refused.getMessage().contains("286 entries"), refused::getMessage);
    }
}
