package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** The learning rate of a rule is that of the steps, as if the network were configured with it. */
class RateOfRuleTest {

    private static final DataSet BATCH = Data.classes(11, DataType.DOUBLE, 24, Nets.INPUTS, Nets.CLASSES);

    private static MultiLayerNetwork trained(IUpdater updater, String... more) {
        Map<String, String> rule = new HashMap<>(Map.of("rank", "2", "bias", "all"));
        for (int i = 0; i < more.length; i += 2) {
            rule.put(more[i], more[i + 1]);
        }
        MultiLayerNetwork network =
                Rules.during(rule, () -> Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, updater))));
        for (int i = 0; i < 5; i++) {
            network.fit(BATCH);
        }
        return network;
    }

    private static IUpdater falling(double first) {
        return new Adam(new ExponentialSchedule(ScheduleType.ITERATION, first, 0.7));
    }

    @Test
    void isAsIfItWereConfigured() {
        Nets.assertSame(
                trained(new Adam(0.03)).params(),
                trained(new Adam(0.5), "rate", "0.03").params(),
                "Adam");
        Nets.assertSame(
                trained(new Sgd(0.03), "loraplus", "4").params(),
                trained(new Sgd(0.5), "rate", "0.03", "loraplus", "4").params(),
                "B's rate goes by it");
        Nets.assertSame(
                trained(new Adam(0.03), "updater", "adabelief").params(),
                trained(new Sgd(0.5), "rate", "0.03", "updater", "adabelief").params(),
                "another updater");
        String[] subspace = {"update", "random-subspace", "random-subspace.dimension", "9", "rate", "0.03"};
        Nets.assertSame(
                trained(new Adam(0.03), Arrays.copyOf(subspace, 4)).params(),
                trained(new Adam(0.5), subspace).params(),
                "one updater for all");
    }

    @Test
    void aScheduleKeepsItsShape() {
        Nets.assertClose(
                trained(falling(0.03)).params(),
                trained(falling(0.5), "rate", "0.03").params(),
                1e-13,
                "falls as the schedule does");
    }

    @Test
    void atRateZeroNothingMoves() {
        MultiLayerNetwork untrained = Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0.5))));
        Nets.assertSame(untrained.params(), trained(new Sgd(0.5), "rate", "0").params(), "nothing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rate=-1|at least 0",
                "rate=fast|for example 0.001",
                "rate=0.1,updater=prodigy|prodigy.rate=configured",
            })
    void whatCannotBeHadStopsFirst(String rule, String advice) {
        String message = assertThrows(LowRankException.class, () -> trained(new Sgd(0.1), rule.split("[,=]")))
                .getMessage();
        assertTrue(message.contains(advice), message);
    }

    @Test
    void anUpdaterWithoutARateIsTold() {
        String message = assertThrows(LowRankException.class, () -> trained(new AdaDelta(), "rate", "0.1"))
                .getMessage();
        assertTrue(message.contains("AdaDelta has none"), message);
    }
}
