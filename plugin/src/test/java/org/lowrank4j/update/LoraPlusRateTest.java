package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.AdaMax;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

class LoraPlusRateTest {

    static Stream<IUpdater> updaters() {
        ISchedule schedule = new StepSchedule(ScheduleType.ITERATION, 0.1, 0.5, 2);
        return Stream.of(
                new Sgd(schedule),
                new Adam(schedule),
                new AdaMax(schedule),
                new Nadam(schedule),
                new AMSGrad(schedule),
                new Nesterovs(schedule),
                new AdaGrad(schedule),
                new RmsProp(schedule),
                new Sgd(0.1),
                new Adam(0.1));
    }

    @ParameterizedTest
    @MethodSource("updaters")
    void everyStepIsLargerByTheRatio(IUpdater users) {
        IUpdater scaled = LoraPlusRate.scaled(users, 16);
        long size = users.stateSize(3);
        INDArray state = size == 0 ? null : Nd4j.zeros(DataType.DOUBLE, 1, size);
        INDArray scaledState = size == 0 ? null : state.dup();
        for (int t = 0; t < 5; t++) {
            assertEquals(16 * users.getLearningRate(t, 0), scaled.getLearningRate(t, 0), 1e-15);
        }
        INDArray step = Nd4j.createFromArray(new double[][] {{1, -2, 3}});
        INDArray scaledStep = step.dup();
        users.instantiate(state, true).applyUpdater(step, 3, 0);
        scaled.instantiate(scaledState, true).applyUpdater(scaledStep, 3, 0);
        assertTrue(step.norm2Number().doubleValue() > 0);
        assertTrue(scaledStep.sub(step.mul(16)).normmaxNumber().doubleValue() <= 1e-12);
    }

    @Test
    void theUsersUpdaterStaysAndItsLaterChangesAreFollowed() {
        Adam users = new Adam(0.01);
        IUpdater scaled = LoraPlusRate.scaled(users, 4);
        assertEquals(new Adam(0.01), users);
        users.setLearningRate(0.001);
        assertEquals(0.004, scaled.getLearningRate(0, 0), 1e-15);
        assertEquals(0.004, scaled.clone().getLearningRate(0, 0), 1e-15);
    }

    @Test
    void aRatioOfOneIsTheUsersUpdater() {
        NoOp users = new NoOp();
        assertSame(users, LoraPlusRate.scaled(users, 1));
    }

    @Test
    void anUpdaterWithoutRateIsRefused() {
        LowRankException refused = assertThrows(LowRankException.class, () -> LoraPlusRate.scaled(new AdaDelta(), 16));
        assertTrue(refused.getMessage().contains("AdaDelta has none"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void whatIsNoRatioIsRefused(double ratio) {
        assertThrows(LowRankException.class, () -> LoraPlusRate.scaled(new Sgd(0.1), ratio));
    }
}
