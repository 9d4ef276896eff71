package org.lowrank4j.tests.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** A network that Java's serialization writes and reads takes its training along. */
class JavaSerializationTest {

    private static final List<Map<String, String>> RULES = List.of(
            Map.of("rank", "2", "bias", "all"),
            Map.of("rank", "2", "gradient", "galore"),
            Map.of("rank", "2", "update", "switchlora"));

    private static NeuralNetwork network(boolean graph) {
        NeuralNetConfiguration.Builder settings = Nets.settings(DataType.FLOAT, new Adam(0.02));
        return graph ? Nets.initialised(Nets.graph(settings)) : Nets.initialised(Nets.layers(settings));
    }

    private static NeuralNetwork fit(NeuralNetwork network, int from, int to) {
        for (int i = from; i < to; i++) {
            DataSet batch = Data.classes(i, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES);
            network.fit(batch);
        }
        return network;
    }

    private static byte[] written(NeuralNetwork network) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
            objects.writeObject(network);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return bytes.toByteArray();
    }

    private static NeuralNetwork read(byte[] bytes) {
        try (ObjectInputStream objects = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return (NeuralNetwork) objects.readObject();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (ClassNotFoundException missing) {
            throw new AssertionError(missing);
        }
    }

    /**
     * DL4J leaves fields of a network that it reads so empty that the network itself cannot train, nor a graph's clone; and a
     * graph forgets its iteration, on which Adam depends.
     */
    private static NeuralNetwork trainable(NeuralNetwork read, int iterations) {
        if (read instanceof MultiLayerNetwork layers) {
            return layers.clone();
        }
        ByteArrayOutputStream zip = new ByteArrayOutputStream();
        try {
            ModelSerializer.writeModel((Model) read, zip, true);
            ComputationGraph graph =
                    ModelSerializer.restoreComputationGraph(new ByteArrayInputStream(zip.toByteArray()), true);
            graph.getConfiguration().setIterationCount(iterations);
            return graph;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void assertSameTraining(NeuralNetwork expected, NeuralNetwork actual, Object what) {
        Nets.assertSame(((Model) expected).params(), ((Model) actual).params(), "parameters under " + what);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void trainingGoesOnBitForBit(boolean graph) {
        for (Map<String, String> rule : RULES) {
            NeuralNetwork original = fit(Rules.during(rule, () -> network(graph)), 0, 4);
            byte[] bytes = written(original);
            NeuralNetwork once = Rules.during(rule, () -> trainable(read(bytes), 4));
            NeuralNetwork twice = Rules.during(rule, () -> trainable(read(written(read(bytes))), 4));
            assertSameTraining(original, once, rule);
            fit(original, 4, 8);
            assertSameTraining(original, fit(once, 4, 8), rule);
            assertSameTraining(original, fit(twice, 4, 8), rule);
            Rules.assertFollows((Model) once);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withoutARuleItIsAsInStock(boolean graph) {
        NeuralNetwork original = fit(network(graph), 0, 4);
        NeuralNetwork read = trainable(read(written(original)), 4);
        assertSameTraining(fit(original, 4, 8), fit(read, 4, 8), "no rule");
    }

    /** A report alone leaves the training to DL4J. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatTrainsAsStockKeepsTheStateOfItsUpdater(boolean graph) {
        NeuralNetwork original = fit(network(graph), 0, 4);
        byte[] bytes = written(original);
        Map<String, String> report = Map.of("rank", "2", "mode", "report");
        fit(original, 4, 8);
        NeuralNetwork read = Rules.during(report, () -> fit(trainable(read(bytes), 4), 4, 8));
        assertSameTraining(original, read, report);
    }
}
