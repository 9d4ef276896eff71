package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class VectorwiseAdamTest {

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void withEqualCountsItIsAdam(DataType type) {
        Problem numbers = new Problem(type, 6, 5, 2, 1, Map.of());
        Adam adam = new Adam(new ExponentialSchedule(ScheduleType.ITERATION, 0.1, 0.9));
        INDArray steps = Nd4j.create(DataType.LONG, 3);
        INDArray stockState = Nd4j.zeros(type, 1, 24);
        INDArray ownState = Nd4j.zeros(type, 1, 24);
        GradientUpdater<?> stock = adam.instantiate(stockState, true);
        GradientUpdater<?> own = new VectorwiseAdam(adam, steps).instantiate(ownState, true);
        for (int t = 0; t < 5; t++) {
            INDArray gradient = numbers.gaussian(type, 1, 12);
            INDArray copy = gradient.dup();
            stock.applyUpdater(gradient, t, 0);
            own.applyUpdater(copy, t, 0);
            // In float ND4J's own bias correction is exact to about 1e-5.
            double allowed = 0.1 * (type == DataType.FLOAT ? 1e-5 : 1e-15);
            assertTrue(distance(gradient, copy) <= allowed, "step " + t + ": " + distance(gradient, copy));
            assertEquals(stockState, ownState);
        }
        assertEquals(5, steps.getLong(2));
    }

    @Test
    void eachVectorHasItsOwnBiasCorrection() {
        INDArray steps = Nd4j.createFromArray(0L, 99L);
        INDArray state = Nd4j.zeros(DataType.DOUBLE, 1, 4);
        INDArray gradient = Nd4j.createFromArray(new double[] {3, 3}).reshape(1, 2);
        Adam adam = new Adam(0.1, 0.9, 0.999, 0);
        new VectorwiseAdam(adam, steps).instantiate(state, false).applyUpdater(gradient, 1000, 0);
        assertEquals(0.1, gradient.getDouble(0), 1e-12, "a first step is one learning rate long");
        double correction = Math.sqrt(1 - Math.pow(0.999, 100)) / (1 - Math.pow(0.9, 100));
        assertEquals(0.1 * correction * 0.1 / Math.sqrt(0.001), gradient.getDouble(1), 1e-12);
    }

    @Test
    void gradientsMayComeFlatOrShaped() {
        Problem numbers = new Problem(DataType.DOUBLE, 6, 5, 2, 1, Map.of());
        INDArray columns = numbers.gaussian(DataType.DOUBLE, 4, 3).dup('f');
        INDArray flat = columns.dup('f').reshape('f', new long[] {1, 12});
        Adam adam = new Adam(0.1);
        apply(adam, columns);
        apply(adam, flat);
        assertEquals(flat, columns.reshape('f', new long[] {1, 12}));
    }

    private static void apply(Adam adam, INDArray gradient) {
        INDArray steps = Nd4j.createFromArray(0L, 10L, 20L);
        new VectorwiseAdam(adam, steps)
                .instantiate(Nd4j.zeros(DataType.DOUBLE, 1, 24), false)
                .applyUpdater(gradient, 0, 0);
    }

    @Test
    void theUsersSettingsAreReadAndNotChanged() {
        Adam users = new Adam(0.1);
        VectorwiseAdam own = new VectorwiseAdam(users, Nd4j.create(DataType.LONG, 1));
        users.setLearningRate(0.2);
        assertEquals(0.2, own.getLearningRate(0, 0));
        VectorwiseAdam copy = own.clone();
        assertNotSame(own, copy);
        copy.setLrAndSchedule(0.5, null);
        assertEquals(0.2, users.getLearningRate());
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
