package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.LowRankUpdate;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** SameDiff graphs that programs train by {@code fit}. */
class SameDiffTest {

    private static final int INPUTS = 12;
    private static final int CLASSES = 3;

    private static INDArray normal(long seed, long... shape) {
        return Data.normal(seed, DataType.DOUBLE, shape).muli(0.4);
    }

    /** Two hidden layers, a matrix product with its bias beside it and one with it within, and a head. */
    private static SameDiff graph(IUpdater updater) {
        SameDiff graph = SameDiff.create();
        SDVariable x = graph.placeHolder("x", DataType.DOUBLE, -1, INPUTS);
        SDVariable y = graph.placeHolder("y", DataType.DOUBLE, -1, CLASSES);
        SDVariable first = x.mmul(graph.var("W1", normal(1, INPUTS, 10))).add(graph.var("b1", normal(2, 10)));
        SDVariable second = graph.nn.linear(
                graph.math.tanh(first), graph.var("W2", normal(3, 10, 8)), graph.var("b2", normal(4, 8)));
        SDVariable logits = graph.nn.linear(
                "logits",
                graph.math.tanh(second),
                graph.var("head", normal(5, 8, CLASSES)),
                graph.var("b3", normal(6, 3)));
        graph.loss.softmaxCrossEntropy("loss", y, logits, null);
        graph.setLossVariables("loss");
        graph.setTrainingConfig(TrainingConfig.builder()
                .updater(updater)
                .dataSetFeatureMapping("x")
                .dataSetLabelMapping("y")
                .build());
        return graph;
    }

    private static List<DataSet> batches(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> Data.classes(100 + i, DataType.DOUBLE, 16, INPUTS, CLASSES))
                .toList();
    }

    private static Map<String, INDArray> values(SameDiff graph) {
        Map<String, INDArray> values = new LinkedHashMap<>();
        for (String name : List.of("W1", "b1", "W2", "b2", "head", "b3")) {
            values.put(name, graph.getVariable(name).getArr().dup());
        }
        return values;
    }

    private static void eachAlone(SameDiff graph, List<DataSet> batches) {
        batches.forEach(graph::fit);
    }

    private static void fromIterator(SameDiff graph, List<DataSet> batches) {
        graph.fit(new ListDataSetIterator<>(batches, 1), 1);
    }

    @LowRank(rank = 2)
    private static final class Program {

        SameDiff trained() {
            SameDiff graph = graph(new Adam(0.01));
            eachAlone(graph, batches(5));
            return graph;
        }
    }

    /** Made by an annotated class, trained by another one. */
    @LowRank(rank = 2)
    private static final class Maker {

        SameDiff made() {
            return graph(new Adam(0.01));
        }
    }

    @Test
    void anAnnotatedClassTrainsAdapters() {
        Map<String, INDArray> before = values(graph(new Adam(0.01)));
        assertAdapted(before, new Program().trained());
    }

    @Test
    void theClassThatMakesAGraphMayBeAnotherThanTheOneThatTrainsIt() {
        SameDiff graph = new Maker().made();
        Map<String, INDArray> before = values(graph);
        eachAlone(graph, batches(5));
        assertAdapted(before, graph);
    }

    /** The head in full, adapters of rank 2 below it, and no bias. */
    private static void assertAdapted(Map<String, INDArray> before, SameDiff graph) {
        Map<String, INDArray> after = values(graph);
        for (String name : List.of("W1", "W2")) {
            double[] singular =
                    ThinSvd.of(after.get(name).sub(before.get(name))).singularValues();
            assertTrue(singular[1] > 1e-4, name + " moves");
            assertTrue(singular[2] < 1e-12, name + " moves by rank 2: " + singular[2]);
        }
        assertEquals(before.get("b1"), after.get("b1"));
        assertEquals(before.get("b2"), after.get("b2"));
        assertNotEquals(before.get("head"), after.get("head"));
        assertNotEquals(before.get("b3"), after.get("b3"));
    }

    @Test
    void anIteratorIsAsGoodAsItsBatches() {
        Map<String, String> rule = Map.of("rank", "2", "seed", "3", "bias", "all");
        SameDiff one = Rules.during(rule, () -> {
            SameDiff graph = graph(new Adam(0.01));
            fromIterator(graph, batches(6));
            return graph;
        });
        SameDiff other = Rules.during(rule, () -> {
            SameDiff graph = graph(new Adam(0.01));
            eachAlone(graph, batches(6));
            return graph;
        });
        assertEquals(values(other), values(one));
    }

    /** If this fails, SameDiff is mended, and neither the warning nor the switched-off cache is needed any more. */
    @Test
    void stockStillTrainsWronglyFromAnIterator() {
        SameDiff one = graph(new Sgd(0.1));
        fromIterator(one, batches(3));
        SameDiff other = graph(new Sgd(0.1));
        eachAlone(other, batches(3));
        assertTrue(
                one.getVariable("W1").getArr().distance2(other.getVariable("W1").getArr()) > 1e-3);
    }

    /** Adapted training has a session without that fault, which is no reason to be silent about stock's. */
    @Test
    void stockIsWarnedOfOnce() {
        SameDiff graph = graph(new Sgd(0.1));
        List<String> lines = CapturedErrors.of(() -> {
            Rules.during(Map.of("rank", "2"), () -> {
                fromIterator(graph, batches(2));
                return graph;
            });
            fromIterator(graph(new Sgd(0.1)), batches(2));
            fromIterator(graph(new Sgd(0.1)), batches(2));
        });
        assertTrue(CapturedErrors.containing(lines, "-Dorg.nd4j.autodiff.samediff=false")
                        .size()
                <= 1);
    }

    @Test
    void withoutARuleItIsStock() {
        SameDiff graph = graph(new Sgd(0.1));
        DataSet batch = batches(1).get(0);
        Map<String, INDArray> placeholders = Map.of("x", batch.getFeatures(), "y", batch.getLabels());
        Map<String, INDArray> expected = values(graph);
        Map<String, INDArray> gradients = graph.calculateGradients(placeholders, expected.keySet());
        expected.forEach((name, value) -> value.subi(gradients.get(name).mul(0.1)));
        graph.fit(batch);
        assertEquals(expected, values(graph));
    }

    @Test
    void atRateZeroNothingMoves() {
        Map<String, String> rule = Map.of("rank", "2", "bias", "all");
        SameDiff graph = graph(new Sgd(0));
        Map<String, INDArray> before = values(graph);
        Rules.during(rule, () -> {
            eachAlone(graph, batches(4));
            return graph;
        });
        assertEquals(before, values(graph));
    }

    @Test
    void theLossOfAFitIsTheTrueOne() {
        SameDiff graph = graph(new Sgd(0.1));
        DataSet batch = batches(1).get(0);
        double loss = graph.output(Map.of("x", batch.getFeatures(), "y", batch.getLabels()), "loss")
                .get("loss")
                .getDouble(0);
        double reported = Rules.during(
                Map.of("rank", "2"),
                () -> graph.fit(new ListDataSetIterator<>(List.of(batch), 1), 1)
                        .lossCurve()
                        .getLossValues()
                        .getDouble(0, 0));
        assertEquals(loss, reported, 1e-6);
    }

    @Test
    void patternsNameOperationsAndShapes() {
        assertEquals(List.of("W1"), moved(Map.of("layers", "op:matmul", "train", "only:none")));
        assertEquals(List.of("W2"), moved(Map.of("layers", "shape:10x8", "train", "only:none")));
        assertEquals(List.of("W1", "W2"), moved(Map.of("layers", "W[0-9]", "train", "only:none")));
        assertEquals(List.of("W1", "W2", "b2", "head", "b3"), moved(Map.of("layers", "W1", "train", "W2")));
    }

    private static List<String> moved(Map<String, String> rule) {
        SameDiff graph = graph(new Sgd(0.1));
        Map<String, INDArray> before = values(graph);
        Rules.during(rule, () -> {
            eachAlone(graph, batches(2));
            return graph;
        });
        Map<String, INDArray> after = values(graph);
        return before.keySet().stream()
                .filter(name -> !before.get(name).equals(after.get(name)))
                .toList();
    }

    @Test
    void aConstantThatIsNamedIsATarget() {
        SameDiff graph = graph(new Sgd(0.1));
        graph.getVariable("W1").convertToConstant();
        INDArray before = graph.getVariable("W1").getArr().dup();
        Rules.during(Map.of("rank", "2"), () -> {
            eachAlone(graph, batches(2));
            return graph;
        });
        assertEquals(before, graph.getVariable("W1").getArr(), "nobody named it");
        SameDiff other = graph(new Sgd(0.1));
        other.getVariable("W1").convertToConstant();
        Rules.during(Map.of("rank", "2", "layers", "W1"), () -> {
            eachAlone(other, batches(2));
            return other;
        });
        assertNotEquals(before, other.getVariable("W1").getArr());
    }

    @ParameterizedTest
    @CsvSource({
        "layers, W3, Nearest: W1",
        "layers, op:matmull, Nearest:",
        "init, lora-ga, init=lora-ga",
        "average, ema, average=ema",
        "loss, stablemax, loss=stablemax",
        "updater, adabelief, updater=adabelief",
        "gradient, mfac, gradient=mfac",
    })
    void whatCannotBeHadStopsBeforeAnythingMoves(String key, String value, String message) {
        SameDiff graph = graph(new Adam(0.1));
        Map<String, INDArray> before = values(graph);
        LowRankException refused = Rules.during(
                Map.of(key, value),
                () -> assertThrows(
                        LowRankException.class, () -> graph.fit(batches(1).get(0))));
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
        assertEquals(before, values(graph));
    }

    @Test
    void aReportStopsNothing() {
        SameDiff stock = graph(new Sgd(0.1));
        eachAlone(stock, batches(2));
        for (String layers : List.of("W1", "W3")) {
            SameDiff graph = graph(new Sgd(0.1));
            Rules.during(Map.of("mode", "report", "layers", layers), () -> {
                eachAlone(graph, batches(2));
                return graph;
            });
            assertEquals(values(stock), values(graph));
        }
    }

    @Test
    void aGraphThatIsChangedBetweenFitsIsRefused() {
        SameDiff graph = graph(new Adam(0.1));
        Rules.during(Map.of("rank", "2"), () -> {
            graph.fit(batches(1).get(0));
            graph.math.abs("magnitude", graph.getVariable("logits"));
            graph.fit(batches(1).get(0));
            SDVariable more = graph.getVariable("logits").mul(graph.var("scale", normal(9, 3)));
            graph.loss.meanSquaredError("other", graph.getVariable("y"), more, null);
            graph.setLossVariables("loss", "other");
            Map<String, INDArray> before = values(graph);
            LowRankException refused = assertThrows(
                    LowRankException.class, () -> graph.fit(batches(1).get(0)));
            assertTrue(refused.getMessage().contains("other variables"), refused.getMessage());
            assertEquals(before, values(graph));
            return graph;
        });
    }

    @Test
    void anArrayThatTheProgramSetsIsObeyed() {
        SameDiff graph = graph(new Sgd(0));
        INDArray written = normal(20, INPUTS, 10).dup('f');
        Rules.during(Map.of("rank", "2"), () -> {
            graph.fit(batches(1).get(0));
            graph.getVariable("W1").setArray(written);
            graph.fit(batches(1).get(0));
            return graph;
        });
        assertEquals(written, graph.getVariable("W1").getArr());
    }

    /** The file is stock's, with W as it is in force, and trains on as stock where no rule is. */
    @Test
    void aSavedGraphIsOneOfStock(@TempDir Path directory) {
        SameDiff graph = new Program().trained();
        File file = directory.resolve("graph.fb").toFile();
        graph.save(file, true);
        SameDiff loaded = SameDiff.load(file, true);
        Map<String, INDArray> x = Map.of("x", batches(1).get(0).getFeatures());
        assertEquals(
                graph.output(x, "logits").get("logits"),
                loaded.output(x, "logits").get("logits"));
        INDArray bias = loaded.getVariable("b1").getArr().dup();
        loaded.fit(batches(1).get(0));
        assertNotEquals(bias, loaded.getVariable("b1").getArr());
    }

    static Stream<String> updates() {
        return Methods.load().updates().stream().map(LowRankUpdate::name);
    }

    /** Trains, or is refused by name. */
    @ParameterizedTest
    @MethodSource("updates")
    void everyUpdateTrainsOrIsRefused(String update) {
        SameDiff graph = graph(new Sgd(0.05));
        Map<String, INDArray> before = values(graph);
        List<DataSet> batches = batches(2);
        Map<String, INDArray> placeholders =
                Map.of("x", batches.get(0).getFeatures(), "y", batches.get(0).getLabels());
        double loss = graph.output(placeholders, "loss").get("loss").getDouble(0);
        try {
            Rules.during(Map.of("rank", "2", "update", update, "layers", "W1,W2", "train", "only:none"), () -> {
                for (int i = 0; i < 15; i++) {
                    graph.fit(batches.get(0));
                }
                return graph;
            });
        } catch (LowRankException refused) {
            assertTrue(refused.getMessage().contains(update), refused.getMessage());
            assertEquals(before, values(graph));
            return;
        }
        double after = graph.output(placeholders, "loss").get("loss").getDouble(0);
        assertTrue(after < loss, loss + " to " + after);
    }
}
