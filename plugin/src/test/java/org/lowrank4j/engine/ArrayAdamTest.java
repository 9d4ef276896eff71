package org.lowrank4j.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.rng.Random;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.AdamUpdater;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/** Against ND4J's own Adam, whose compiler may fuse a product and a sum: then the last bit may differ. */
class ArrayAdamTest {

    private static final double LAST_BITS = 1e-6;

    /** Both updaters over state of their own, which is a view behind some other entries. */
    private static final class Pair {

        private final long length;
        private final INDArray stockState;
        private final INDArray ourState;
        private final GradientUpdater<?> stock;
        private final GradientUpdater<?> ours;

        Pair(Adam adam, DataType type, long length) {
            this.length = length;
            stockState = state(type, length);
            ourState = state(type, length);
            stock = adam.instantiate(stockState, true);
            ours = ArrayAdam.insteadOf(adam.instantiate(ourState, true));
            assertInstanceOf(ArrayAdam.class, ours);
        }

        private static INDArray state(DataType type, long length) {
            return Nd4j.ones(type, 2 * length + 3).get(NDArrayIndex.interval(3, 2 * length + 3));
        }

        /** One step of both, each with a gradient that is a view. */
        void step(INDArray gradient, int iteration, double tolerance) {
            INDArray theirs = view(gradient);
            INDArray own = view(gradient);
            stock.applyUpdater(theirs, iteration, 0);
            ours.applyUpdater(own, iteration, 0);
            assertClose(theirs, own, tolerance);
            assertClose(stockState, ourState, tolerance);
        }

        private INDArray view(INDArray gradient) {
            INDArray view = Nd4j.ones(gradient.dataType(), length + 5).get(NDArrayIndex.interval(5, length + 5));
            return view.assign(gradient);
        }
    }

    private static void assertClose(INDArray expected, INDArray actual, double tolerance) {
        for (long i = 0; i < expected.length(); i++) {
            double value = expected.getDouble(i);
            long index = i;
            assertEquals(
                    value, actual.getDouble(i), tolerance * Math.abs(value) + Float.MIN_NORMAL, () -> "entry " + index);
        }
    }

    /** Lengths below, at and above one stretch and several; gradients of ten magnitudes. */
    @ParameterizedTest
    @ValueSource(longs = {1, 7, 2048, 2049, 5000})
    void stepsAreThoseOfNd4j(long length) {
        Random random = Nd4j.getRandomFactory().getNewRandomInstance(3);
        Pair pair = new Pair(new Adam(1e-3), DataType.FLOAT, length);
        for (int iteration = 0; iteration < 30; iteration++) {
            INDArray gradient = Nd4j.randn(new long[] {length}, random)
                    .muli(Math.pow(10, -(iteration % 10)))
                    .castTo(DataType.FLOAT);
            pair.step(gradient, iteration, LAST_BITS);
        }
    }

    /** One buffer reaches 2 GiB, and an array may be longer: several windows take the step of one. */
    @Test
    void longArraysAreSteppedWindowByWindow() {
        int length = 5000;
        Adam adam = new Adam(1e-2);
        INDArray once = Nd4j.zeros(DataType.FLOAT, 2L * length);
        INDArray inWindows = once.dup();
        GradientUpdater<?> whole = ArrayAdam.insteadOf(adam.instantiate(once, true));
        GradientUpdater<?> windows = new ArrayAdam((AdamUpdater) adam.instantiate(inWindows, true), 2300);
        Random random = Nd4j.getRandomFactory().getNewRandomInstance(3);
        for (int iteration = 0; iteration < 3; iteration++) {
            INDArray gradient = Nd4j.randn(new long[] {length}, random).castTo(DataType.FLOAT);
            INDArray same = gradient.dup();
            whole.applyUpdater(gradient, iteration, 0);
            windows.applyUpdater(same, iteration, 0);
            assertEquals(gradient, same);
            assertEquals(once, inWindows);
        }
    }

    /** More than 2 GiB of gradients: the last entries take their step like the first. Takes 6.5 GiB. */
    @Test
    @Tag("slow")
    void theLastOfMoreThanHalfABillionEntriesTakesItsStep() {
        long length = (1L << 29) + 1000;
        assumeTrue(Pointer.availablePhysicalBytes() > 4 * length * Float.BYTES, "too little memory");
        Pointer memory = Pointer.calloc(3 * length, Float.BYTES);
        try {
            INDArray gradient = vast(memory, 0, length);
            INDArray state = vast(memory, length, 2 * length);
            GradientUpdater<?> ours = ArrayAdam.insteadOf(new Adam(0.5).instantiate(state, false));
            Blas.floats(gradient, 0, 1).put(0, 3f);
            Blas.floats(gradient, length - 1, 1).put(0, 3f);
            ours.applyUpdater(gradient, 0, 0);
            assertEquals(0.5f, Blas.floats(gradient, 0, 1).get(0), 1e-5f);
            assertEquals(0.5f, Blas.floats(gradient, length - 1, 1).get(0), 1e-5f);
            assertEquals(0f, Blas.floats(gradient, length - 2, 1).get(0));
            assertEquals(0.3f, Blas.floats(state, length - 1, 1).get(0), 1e-6f);
        } finally {
            Pointer.free(memory);
        }
    }

    private static INDArray vast(Pointer memory, long from, long length) {
        FloatPointer first = new FloatPointer(new FloatPointer(memory).getPointer(from));
        first.limit(length).capacity(length);
        return Nd4j.create(
                Nd4j.createBuffer(first, length, DataType.FLOAT), new long[] {length}, new long[] {1}, 0, 'c');
    }

    @ParameterizedTest
    @CsvSource({"1, 0.9, 0.999, 1e-8", "1e-4, 0.5, 0.9, 1e-3", "0.1, 0, 0.99, 1e-10", "0, 0.9, 0.999, 1e-8"})
    void settingsCount(double rate, double beta1, double beta2, double epsilon) {
        Pair pair = new Pair(new Adam(rate, beta1, beta2, epsilon), DataType.FLOAT, 100);
        INDArray gradient = Nd4j.linspace(-1, 1, 100, DataType.FLOAT);
        for (int iteration : new int[] {0, 1, 2, 10, 100, 1000, 100_000}) {
            pair.step(gradient, iteration, LAST_BITS);
        }
    }

    @Test
    void theRateFollowsItsSchedule() {
        ISchedule schedule = new StepSchedule(ScheduleType.ITERATION, 0.1, 0.5, 2);
        Pair pair = new Pair(new Adam(schedule), DataType.FLOAT, 10);
        for (int iteration = 0; iteration < 8; iteration++) {
            pair.step(Nd4j.ones(DataType.FLOAT, 10), iteration, LAST_BITS);
        }
    }

    @Test
    void zeroGradientsDecayTheState() {
        Pair pair = new Pair(new Adam(1e-2), DataType.FLOAT, 50);
        pair.step(Nd4j.ones(DataType.FLOAT, 50), 0, LAST_BITS);
        for (int iteration = 1; iteration < 1500; iteration++) {
            pair.step(Nd4j.zeros(DataType.FLOAT, 50), iteration, LAST_BITS);
        }
    }

    @Test
    void doublesAreLeftToNd4j() {
        Pair pair = new Pair(new Adam(1e-3), DataType.DOUBLE, 20);
        pair.step(Nd4j.linspace(-1, 1, 20, DataType.DOUBLE), 0, 0);
    }

    @Test
    void otherUpdatersStayAsTheyAre() {
        GradientUpdater<?> nadam = new Nadam(1e-3).instantiate(Nd4j.zeros(DataType.FLOAT, 20), true);
        assertSame(nadam, ArrayAdam.insteadOf(nadam));
    }

    @Test
    void stateIsThatOfNd4j() {
        Adam adam = new Adam(1e-3);
        INDArray memory = Nd4j.zeros(DataType.FLOAT, 8);
        GradientUpdater<?> ours = ArrayAdam.insteadOf(adam.instantiate(memory, false));
        ours.applyUpdater(Nd4j.valueArrayOf(new long[] {4}, 2f, DataType.FLOAT), 0, 0);

        Map<String, INDArray> state = ours.getState();
        assertEquals(0.2f, state.get("M").getFloat(3), 1e-6);
        assertEquals(0.004f, state.get("V").getFloat(3), 1e-7);
        assertEquals(0.2f, memory.getFloat(0), 1e-6);
        assertEquals(0.004f, memory.getFloat(4), 1e-7);
        assertSame(adam, ours.getConfig());
        assertTrue(adam.stateSize(4) == memory.length());
    }
}
