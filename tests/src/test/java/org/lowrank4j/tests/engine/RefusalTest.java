package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingGraphTrainer;
import org.deeplearning4j.earlystopping.trainer.EarlyStoppingTrainer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.rule.RuleBook;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/** What cannot be had stops a network's training before its first step, is printed first, and stops nothing else. */
class RefusalTest {

    private static final DataSet BATCH = Data.classes(3, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES);

    @LowRank(rank = 2, layers = "nosuch")
    private static MultiLayerNetwork unknownLayer() {
        return network();
    }

    @LowRank(rank = 2, layers = "nosuch")
    private static ComputationGraph unknownLayerOfGraph() {
        return Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
    }

    @LowRank(rank = -1)
    private static MultiLayerNetwork badRank() {
        return network();
    }

    @LowRank(options = "refresh=3")
    private static MultiLayerNetwork badOption() {
        return network();
    }

    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
    }

    private static ListDataSetIterator<DataSet> batches() {
        return new ListDataSetIterator<>(BATCH.asList(), 3);
    }

    private static <T extends Model> EarlyStoppingConfiguration<T> earlyStopping() {
        return new EarlyStoppingConfiguration.Builder<T>()
                .epochTerminationConditions(new MaxEpochsTerminationCondition(2))
                .scoreCalculator(new DataSetLossCalculator(batches(), true))
                .modelSaver(new InMemoryModelSaver<>())
                .build();
    }

    /** DL4J's trainers catch what training throws, and then fail because there is no best model. */
    @Test
    void earlyStoppingDoesNotHideARefusal() {
        List<String> said = CapturedErrors.of(() -> {
            EarlyStoppingTrainer layers = new EarlyStoppingTrainer(earlyStopping(), unknownLayer(), batches());
            assertThrows(NullPointerException.class, layers::fit);
            EarlyStoppingGraphTrainer graph =
                    new EarlyStoppingGraphTrainer(earlyStopping(), unknownLayerOfGraph(), batches());
            assertThrows(NullPointerException.class, graph::fit);
        });
        assertEquals(
                2,
                CapturedErrors.containing(said, "ERROR: training stops. No layer matches 'nosuch'")
                        .size(),
                said::toString);
    }

    private static <N extends Model & NeuralNetwork> void assertRefused(N network) {
        INDArray before = network.params().dup();
        List<String> said = CapturedErrors.of(() -> {
            assertThrows(LowRankException.class, () -> network.fit(BATCH));
            assertThrows(LowRankException.class, () -> network.fit(batches()));
        });
        assertEquals(
                1, CapturedErrors.containing(said, "ERROR: training stops.").size(), said::toString);
        Nets.assertSame(before, network.params(), "the network");
    }

    @Test
    void anAnnotationThatCannotBeHadIsRefusedAtTheFirstStepAndNotBefore() {
        for (MultiLayerNetwork network : List.of(unknownLayer(), badRank(), badOption())) {
            network.output(BATCH.getFeatures());
            assertRefused(network.clone());
            assertRefused(network);
        }
        ComputationGraph graph = unknownLayerOfGraph();
        assertRefused(graph);
    }

    /** Each of these used to be fatal in one place and harmless in another. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "rank=abc",
                "rnak=4",
                "config=no-such-file.yaml",
                "config=pom.xml",
                "layers=nosuch",
                "update=loar",
                "alpha=",
                "mode=reprot",
                "strict=maybe",
                "galore.refesh=3"
            })
    void aSlipStopsTrainingFromEverySource(String assignment) {
        String[] parts = assignment.split("=", -1);
        Map<String, String> arguments =
                parts[0].contains(".") ? Map.of("rank", "2", parts[0], parts[1]) : Map.of(parts[0], parts[1]);
        JvmRules.with(arguments, () -> assertRefused(network()));
        if (parts[0].equals("rnak") || parts[0].contains(".")) {
            // A property or variable of that name may be somebody else's.
            return;
        }
        Properties properties = new Properties();
        properties.setProperty("lowrank." + parts[0], parts[1]);
        JvmRules.with(
                RuleBook.readForTraining(Map.of(), List.of(), List.of(), properties, Map.of()),
                () -> assertRefused(network()));
        if (!parts[1].isEmpty()) {
            Map<String, String> variables = Map.of("LOWRANK_" + parts[0].toUpperCase(java.util.Locale.ROOT), parts[1]);
            JvmRules.with(
                    RuleBook.readForTraining(Map.of(), List.of(), List.of(), new Properties(), variables),
                    () -> assertRefused(network()));
        }
    }

    @Test
    void argumentsThatCannotBeReadStopTrainingAndRepeatedOnesOnlyAStrictJob() {
        JvmRules.with(
                RuleBook.readForTraining(
                        Map.of("rank", "2"), List.of("not key=value"), List.of(), new Properties(), Map.of()),
                () -> assertRefused(network()));
        JvmRules.with(
                RuleBook.readForTraining(
                        Map.of("rank", "2"), List.of(), List.of("given twice"), new Properties(), Map.of()),
                () -> network().fit(BATCH));
        JvmRules.with(
                RuleBook.readForTraining(
                        Map.of("rank", "2", "strict", "true"),
                        List.of(),
                        List.of("given twice"),
                        new Properties(),
                        Map.of()),
                () -> assertRefused(network()));
    }

    @LowRank(enabled = false)
    private static MultiLayerNetwork takenOut() {
        return network();
    }

    /** Whoever takes a network out of all rules is not stopped by a slip in one. */
    @Test
    void aNetworkThatIsTakenOutTrainsAsStock() {
        MultiLayerNetwork stock = network();
        stock.fit(BATCH);
        JvmRules.with(Map.of("rank", "abc"), () -> {
            MultiLayerNetwork network = takenOut();
            network.fit(BATCH);
            Nets.assertSame(stock.params(), network.params(), "the network");
        });
        assertTrue(stock.score() > 0);
    }
}
