package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.Eigenspace;
import org.lowrank4j.initialisation.Loftq;
import org.lowrank4j.initialisation.SecondMoment;
import org.lowrank4j.method.Factors;
import org.lowrank4j.quantisation.NormalFloat;
import org.lowrank4j.quantisation.UniformGrid;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

/** Networks whose weights were compressed, started from what compression lost. */
class CompressedNetworkTest {

    private static final int RANK = 2;
    private static final String ORIGINAL = "target/original-of-compressed.zip";
    private static final String ORIGINAL_GRAPH = "target/original-of-compressed-graph.zip";

    @LowRank(rank = RANK, init = "eora", alpha = RANK, options = "eora.original=" + ORIGINAL)
    private static MultiLayerNetwork eora(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(
            rank = RANK,
            init = "eora",
            alpha = 4 * RANK,
            options = {"eora.original=" + ORIGINAL_GRAPH, "eora.batches=1"})
    private static ComputationGraph eoraInAGraph(Supplier<ComputationGraph> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "eora")
    private static MultiLayerNetwork eoraWithoutOriginal(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "loftq", options = "loftq.iterations=3")
    private static MultiLayerNetwork loftq(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @LowRank(rank = RANK, init = "loftq", alpha = 3 * RANK, options = "loftq.original=" + ORIGINAL)
    private static MultiLayerNetwork loftqOfCompressed(Supplier<MultiLayerNetwork> program) {
        return program.get();
    }

    @Test
    void eoraCompensatesWithTheInputsOfAllCalibrationBatches() throws IOException {
        MultiLayerNetwork original = network(0);
        ModelSerializer.writeModel(original, new File(ORIGINAL), false);
        MultiLayerNetwork trained = eora(() -> network(0));
        MultiLayerNetwork compressed = network(0);
        for (int i = 0; i < 2; i++) {
            compress(trained.getLayer(i).getParam("W"));
            compress(compressed.getLayer(i).getParam("W"));
        }
        List<DataSet> batches = batches();
        trained.fit(new ExistingDataSetIterator(batches));
        for (int i = 0; i < 2; i++) {
            SecondMoment inputs =
                    new SecondMoment(original.getLayer(i).getParam("W").size(0));
            for (DataSet batch : batches) {
                inputs.observe(compressed.feedForward(batch.getFeatures()).get(i));
            }
            INDArray residual = original.getLayer(i)
                    .getParam("W")
                    .sub(compressed.getLayer(i).getParam("W"));
            Factors best = Eigenspace.of(inputs.mean()).compensation(residual, RANK, 1);
            INDArray expected =
                    compressed.getLayer(i).getParam("W").add(best.a().mmul(best.b()));
            Nets.assertClose(expected, trained.getLayer(i).getParam("W"), 1e-9, "W of layer" + i);
        }
    }

    @Test
    void aGraphOfFloatsIsCompensatedWhateverItsScale() throws IOException {
        ComputationGraph original = graph(0);
        ModelSerializer.writeModel(original, new File(ORIGINAL_GRAPH), true);
        ComputationGraph trained = eoraInAGraph(() -> graph(0));
        for (String layer : new String[] {"first", "second"}) {
            compress(trained.getLayer(layer).getParam("W"));
        }
        INDArray before = trained.getLayer("first").getParam("W").dup();
        DataSet batch = Data.classes(3, DataType.FLOAT, 40, Nets.INPUTS, Nets.CLASSES);
        trained.fit(batch);
        INDArray exact = original.getLayer("first").getParam("W").castTo(DataType.DOUBLE);
        INDArray residual = exact.sub(before.castTo(DataType.DOUBLE));
        SecondMoment inputs = new SecondMoment(Nets.INPUTS);
        inputs.observe(batch.getFeatures());
        Eigenspace eigenspace = Eigenspace.of(inputs.mean());
        Factors best = eigenspace.compensation(residual, RANK, 1);
        INDArray expected = before.castTo(DataType.DOUBLE).add(best.a().mmul(best.b()));
        Nets.assertClose(expected, trained.getLayer("first").getParam("W").castTo(DataType.DOUBLE), 1e-5, "W");
        assertTrue(eigenspace.outputError(residual)
                > 1.2
                        * eigenspace.outputError(exact.sub(
                                trained.getLayer("first").getParam("W").castTo(DataType.DOUBLE))));
    }

    @Test
    void aCompensatedNetworkGoesOnTraining() throws IOException {
        ModelSerializer.writeModel(network(0), new File(ORIGINAL), false);
        MultiLayerNetwork trained = eora(() -> network(0.01));
        for (int i = 0; i < 2; i++) {
            compress(trained.getLayer(i).getParam("W"));
        }
        List<DataSet> batches = batches();
        DataSet batch = batches.get(0);
        trained.fit(new ExistingDataSetIterator(batches));
        double first = trained.score(batch);
        for (int step = 0; step < 60; step++) {
            trained.fit(batch);
        }
        assertTrue(trained.score(batch) < 0.9 * first, first + " to " + trained.score(batch));
    }

    @Test
    void withoutTheOriginalNothingIsChangedAndTheMessageSaysWhatToSet() {
        MultiLayerNetwork network = eoraWithoutOriginal(() -> network(0.1));
        INDArray before = network.params().dup();
        LowRankException refused =
                assertThrows(LowRankException.class, () -> network.fit(new ExistingDataSetIterator(batches())));
        assertTrue(refused.getMessage().contains("eora.original must be given: the path"), refused.getMessage());
        assertEquals(before, network.params());
    }

    @Test
    void loftqPutsAQuantisedBaseAndItsFactorsInThePlaceOfTheWeight() {
        MultiLayerNetwork stock = network(0);
        MultiLayerNetwork trained = loftq(() -> network(0));
        trained.fit(batches().get(0));
        for (int i = 0; i < 2; i++) {
            Factors split = Loftq.alternated(stock.getLayer(i).getParam("W"), new NormalFloat(4, 64), 3, RANK, 1);
            INDArray expected = split.a().mmul(split.b()).addi(split.base());
            Nets.assertClose(expected, trained.getLayer(i).getParam("W"), 1e-12, "W of layer" + i);
        }
    }

    @Test
    void loftqOfACompressedNetworkAddsTheBestPartOfWhatWasLost() throws IOException {
        MultiLayerNetwork original = network(0);
        ModelSerializer.writeModel(original, new File(ORIGINAL), false);
        MultiLayerNetwork trained = loftqOfCompressed(() -> network(0));
        for (int i = 0; i < 2; i++) {
            compress(trained.getLayer(i).getParam("W"));
        }
        INDArray before = trained.getLayer(1).getParam("W").dup();
        trained.fit(batches().get(0));
        INDArray best =
                ThinSvd.of(original.getLayer(1).getParam("W").sub(before)).truncated(RANK);
        Nets.assertClose(before.add(best), trained.getLayer(1).getParam("W"), 1e-10, "W of layer1");
    }

    private static List<DataSet> batches() {
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            batches.add(Data.classes(10 + i, DataType.DOUBLE, 12, Nets.INPUTS, Nets.CLASSES));
        }
        return batches;
    }

    private static void compress(INDArray weight) {
        weight.assign(new UniformGrid(2).quantised(weight));
    }

    private static MultiLayerNetwork network(double rate) {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, rate == 0 ? new Sgd(0) : new Adam(rate))));
    }

    private static ComputationGraph graph(double rate) {
        return Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, new Sgd(rate))));
    }
}
