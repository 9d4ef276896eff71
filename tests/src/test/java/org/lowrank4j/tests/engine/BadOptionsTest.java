package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * Options of an annotation that no training can follow: the first step says which, why, what is allowed and where it was
 * written, and the network is as it was.
 */
class BadOptionsTest {

    private static final DataSet BATCH = Data.classes(3, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES);

    @LowRank(
            rank = 2,
            update = "adalora",
            options = {"adalora.total-steps=100", "adalora.initial-steps=60", "adalora.final-steps=40"})
    private static MultiLayerNetwork budgetWithoutTimeToFall() {
        return network();
    }

    @LowRank(
            rank = 2,
            update = "relora",
            options = {"relora.total-steps=100", "relora.restart=100"})
    private static MultiLayerNetwork restartThatNeverComes() {
        return network();
    }

    @LowRank(
            rank = 2,
            update = "relora",
            options = {
                "relora.total-steps=100",
                "relora.restart=50",
                "relora.first-warmup=10",
                "relora.restart-warmup=50"
            })
    private static MultiLayerNetwork rateThatNeverRises() {
        return network();
    }

    @LowRank(rank = 2, update = "maestro", options = "maestro.shrink=0")
    private static MultiLayerNetwork ranksThatNeverShrink() {
        return network();
    }

    @LowRank(
            rank = 2,
            update = "switchlora",
            options = {"switchlora.interval=9", "switchlora.freeze=5"})
    private static MultiLayerNetwork exchangeOfWhatIsFrozen() {
        return network();
    }

    @LowRank(rank = 2, update = "trp", options = "trp.energy=0")
    private static MultiLayerNetwork truncationOfEverything() {
        return network();
    }

    @LowRank(rank = 2, average = "switch-ema", options = "switch-ema.mu=1")
    private static MultiLayerNetwork averageThatNeverMoves() {
        return network();
    }

    @LowRank(rank = 2, gradient = "galore", options = "galore.refresh=0")
    private static MultiLayerNetwork galoreWithoutRefresh() {
        return network();
    }

    @LowRank(rank = 2, gradient = "apollo", options = "apollo.scale=NaN")
    private static MultiLayerNetwork apolloOfNoScale() {
        return network();
    }

    @LowRank(rank = 2, gradient = "adafactor", options = "adafactor.clip=-1")
    private static MultiLayerNetwork adafactorOfNegativeClip() {
        return network();
    }

    @LowRank(rank = 2, gradient = "econtrol", options = "econtrol.eta=1")
    private static MultiLayerNetwork errorThatFeedsOnItself() {
        return network();
    }

    @LowRank(rank = 2, gradient = "powersgd", options = "powersgd.rank=0")
    private static MultiLayerNetwork compressionToNothing() {
        return network();
    }

    @LowRank(rank = 2, gradient = "mfac", options = "mfac.window=2000000000")
    private static MultiLayerNetwork windowLargerThanMemory() {
        return network();
    }

    @LowRank(rank = 2, gradient = "mfac", options = "mfac.lambda=0")
    private static MultiLayerNetwork fisherWithoutDamping() {
        return network();
    }

    @LowRank(rank = 2, init = "loftq", options = "loftq.iterations=2000000000")
    private static MultiLayerNetwork startThatNeverEnds() {
        return network();
    }

    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
    }

    /**
     * @param option as the message names it
     * @param allowed part of what the message says is allowed
     */
    record Bad(Supplier<MultiLayerNetwork> network, String option, String allowed) {
        @Override
        public String toString() {
            return option;
        }
    }

    static Stream<Bad> bad() {
        return Stream.of(
                new Bad(BadOptionsTest::budgetWithoutTimeToFall, "adalora.initial-steps=60", "less than the total"),
                new Bad(BadOptionsTest::restartThatNeverComes, "relora.restart=100", "The nearest are 50"),
                new Bad(BadOptionsTest::rateThatNeverRises, "relora.restart-warmup=50", "less than 50"),
                new Bad(BadOptionsTest::ranksThatNeverShrink, "maestro.shrink=0", "above 0"),
                new Bad(BadOptionsTest::exchangeOfWhatIsFrozen, "switchlora.interval=9", "at least 10"),
                new Bad(BadOptionsTest::truncationOfEverything, "trp.energy=0", "above 0"),
                new Bad(BadOptionsTest::averageThatNeverMoves, "switch-ema.mu=1", "below 1"),
                new Bad(BadOptionsTest::galoreWithoutRefresh, "galore.refresh=0", "above 0"),
                new Bad(BadOptionsTest::apolloOfNoScale, "apollo.scale=NaN", "above 0"),
                new Bad(BadOptionsTest::adafactorOfNegativeClip, "adafactor.clip=-1", "above 0"),
                new Bad(BadOptionsTest::errorThatFeedsOnItself, "econtrol.eta=1", "below 1"),
                new Bad(BadOptionsTest::compressionToNothing, "powersgd.rank=0", "above 0"),
                new Bad(BadOptionsTest::windowLargerThanMemory, "mfac.window=2000000000", "would fit"),
                new Bad(BadOptionsTest::fisherWithoutDamping, "mfac.lambda=0", "above 0"),
                new Bad(BadOptionsTest::startThatNeverEnds, "loftq.iterations=2000000000", "from 1 to 1000"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void theFirstStepSaysWhatIsWrongAndWhereItStands(Bad bad) {
        MultiLayerNetwork network = bad.network().get();
        INDArray before = network.params().dup();
        LowRankException refused = assertThrows(LowRankException.class, () -> network.fit(BATCH));
        String message = refused.getMessage();
        for (String part : List.of(
                bad.option(),
                bad.allowed(),
                bad.option() + " is set by annotation on method " + getClass().getName())) {
            assertTrue(message.contains(part), () -> "no '" + part + "' in: " + message);
        }
        Nets.assertSame(before, network.params(), "the network");
    }

    @LowRank(rank = 2, gradient = "powersgd", options = "powersgd.start=0")
    private static MultiLayerNetwork powerSgd() {
        return network();
    }

    @LowRank(rank = 2, gradient = "econtrol")
    private static MultiLayerNetwork eControl() {
        return network();
    }

    /** In one process a compressor saves nothing, which is said once, and trains all the same. */
    @Test
    void aCompressorOnOneWorkerSaysWhatItIsThere() {
        for (MultiLayerNetwork network : List.of(powerSgd(), eControl())) {
            INDArray before = network.params().dup();
            List<String> said = CapturedErrors.of(() -> {
                network.fit(BATCH);
                network.fit(BATCH);
            });
            assertEquals(
                    1,
                    CapturedErrors.containing(said, "this job has one worker").size(),
                    said::toString);
            Nets.assertMoved(before, network.params(), "the network");
        }
    }
}
