package org.lowrank4j.fisher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.fisher.GradientWindow.Filling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class InverseFisherTest {

    private static final int GRADIENTS = 16;
    private static final int ENTRIES = 40;

    private final Random random = new Random(5);

    @ParameterizedTest
    @ValueSource(doubles = {1e-1, 1e-3, 1e-5})
    void fixedGradientsGiveTheDenseInverse(double lambda) {
        INDArray gradients = gaussian(GRADIENTS, ENTRIES);
        INDArray x = gaussian(1, ENTRIES).reshape(ENTRIES);
        INDArray dense = denseInverse(gradients, lambda, GRADIENTS);
        StaticInverseFisher inverse = new StaticInverseFisher(gradients, lambda, ENTRIES);
        assertClose(product(dense, x), inverse.multiply(x), 1e-9);
        assertClose(Nd4j.diag(dense), inverse.diagonal(), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"7", "8", "40", "1000", "1"})
    void blocksAreInvertedByThemselves(int block) {
        INDArray gradients = gaussian(GRADIENTS, ENTRIES);
        INDArray x = gaussian(1, ENTRIES).reshape(ENTRIES);
        StaticInverseFisher inverse = new StaticInverseFisher(gradients, 0.01, block);
        INDArray product = inverse.multiply(x);
        INDArray diagonal = inverse.diagonal();
        for (int from = 0; from < ENTRIES; from += block) {
            int to = Math.min(ENTRIES, from + block);
            INDArray part = gradients
                    .get(NDArrayIndex.all(), NDArrayIndex.interval(from, to))
                    .dup();
            INDArray dense = denseInverse(part, 0.01, GRADIENTS);
            INDArray ofX = x.get(NDArrayIndex.interval(from, to)).dup();
            assertClose(
                    product(dense, ofX),
                    product.get(NDArrayIndex.interval(from, to)).dup(),
                    1e-10);
            INDArray expected = block == 1 ? dense.reshape(1) : Nd4j.diag(dense);
            assertClose(expected, diagonal.get(NDArrayIndex.interval(from, to)).dup(), 1e-10);
        }
    }

    @ParameterizedTest
    @EnumSource(Filling.class)
    void aWindowGivesTheDenseInverseAtEveryStep(Filling filling) {
        int size = 6;
        GradientWindow window = new GradientWindow(size, ENTRIES, DataType.DOUBLE, 0.01, filling);
        INDArray gradients = gaussian(15, ENTRIES);
        INDArray x = gaussian(1, ENTRIES).reshape(ENTRIES);
        for (int t = 0; t < 15; t++) {
            window.insert(gradients.getRow(t));
            int filled = Math.min(t + 1, size);
            assertEquals(filled, window.filled());
            INDArray last = gradients.get(NDArrayIndex.interval(t + 1 - filled, t + 1), NDArrayIndex.all());
            INDArray dense = denseInverse(last, 0.01, filling == Filling.WHOLE_WINDOW ? size : filled);
            assertClose(product(dense, x), window.multiply(x), 1e-10);
            assertClose(product(dense, gradients.getRow(t)), window.multiplyNewest(), 1e-10);
        }
    }

    /** A ring that has gone round several times knows nothing of what it has forgotten. */
    @Test
    void aRingEqualsAWindowBuiltAnew() {
        INDArray gradients = gaussian(3 * GRADIENTS + 5, ENTRIES);
        GradientWindow ring = window(GRADIENTS, DataType.DOUBLE);
        GradientWindow fresh = window(GRADIENTS, DataType.DOUBLE);
        for (int t = 0; t < gradients.size(0); t++) {
            ring.insert(gradients.getRow(t));
            if (t >= gradients.size(0) - GRADIENTS) {
                fresh.insert(gradients.getRow(t));
            }
        }
        INDArray x = gaussian(1, ENTRIES).reshape(ENTRIES);
        assertClose(fresh.multiply(x), ring.multiply(x), 1e-11);
        assertClose(fresh.multiplyNewest(), ring.multiplyNewest(), 1e-11);
        StaticInverseFisher fixed = new StaticInverseFisher(
                gradients.get(
                        NDArrayIndex.interval(gradients.size(0) - GRADIENTS, gradients.size(0)), NDArrayIndex.all()),
                0.01,
                ENTRIES);
        assertClose(fixed.multiply(x), ring.multiply(x), 1e-10);
    }

    @Test
    void theFactorIsTheUpperTriangleOfAnUnpivotedDecomposition() {
        GradientWindow window = window(5, DataType.DOUBLE);
        INDArray gradients = gaussian(5, ENTRIES);
        for (int t = 0; t < 5; t++) {
            window.insert(gradients.getRow(t));
        }
        INDArray u = window.factor();
        INDArray lower = u.transpose().mmul(Nd4j.diag(Nd4j.diag(u).rdiv(1)));
        INDArray m = gradients
                .mmul(gradients.transpose())
                .div(0.01)
                .add(Nd4j.eye(5).castTo(DataType.DOUBLE).muli(5));
        assertClose(m, lower.mmul(u), 1e-12);
        assertEquals(0, u.getDouble(3, 1));
    }

    /** Gradients of length 100 at lambda 1e-5: inner products in single precision would not do. */
    @Test
    void aWindowInFloatIsAsGoodAsItsEntries() {
        GradientWindow window = new GradientWindow(GRADIENTS, 3000, DataType.FLOAT, 1e-5, Filling.FILLED_SLOTS);
        INDArray gradients = gaussian(GRADIENTS, 3000).muli(2).castTo(DataType.FLOAT);
        // Two nearly equal ones make M nearly singular.
        gradients.getRow(1).assign(gradients.getRow(0).mul(1.0001f));
        for (int t = 0; t < GRADIENTS; t++) {
            window.insert(gradients.getRow(t));
        }
        INDArray g = gradients.getRow(GRADIENTS - 1).castTo(DataType.DOUBLE);
        INDArray u = window.multiplyNewest();
        INDArray wide = gradients.castTo(DataType.DOUBLE);
        INDArray back = u.mul(1e-5)
                .add(wide.transpose()
                        .mmul(wide.mmul(u.reshape(3000, 1)))
                        .reshape(3000)
                        .div(GRADIENTS));
        assertClose(g, back, 1e-6);
    }

    /** The pieces in which a large window is summed make no difference. */
    @Test
    void aWindowLargerThanAPieceIsSummedWhole() {
        int entries = 300_000;
        GradientWindow window = new GradientWindow(8, entries, DataType.FLOAT, 0.1, Filling.FILLED_SLOTS);
        INDArray gradient = gaussian(1, entries).castTo(DataType.FLOAT).reshape(entries);
        window.insert(gradient);
        INDArray wide = gradient.castTo(DataType.DOUBLE);
        double square = wide.mul(wide).sumNumber().doubleValue();
        assertEquals(square, window.state().get("products").getDouble(0, 0), 1e-9 * square);
        assertClose(wide.div(0.1 + square), window.multiplyNewest(), 1e-12);
        assertClose(wide.div(0.1 + square), window.multiply(gradient), 1e-6);
    }

    /** Off the heap nothing is given back until Java collects its garbage, which has no reason to come. */
    @Test
    void stepsLeaveNoCopiesOfTheWindowBehind() {
        int entries = 100_000;
        int steps = 30;
        GradientWindow window = new GradientWindow(64, entries, DataType.FLOAT, 0.1, Filling.FILLED_SLOTS);
        INDArray gradient = gaussian(1, entries).castTo(DataType.FLOAT).reshape(entries);
        window.insert(gradient);
        window.multiplyNewest();
        long before = Pointer.physicalBytes();
        for (int i = 0; i < steps; i++) {
            window.insert(gradient);
            window.multiplyNewest();
        }
        long grown = Pointer.physicalBytes() - before;
        long copies = steps * 64L * entries * Double.BYTES;
        assertTrue(grown < copies / 4, grown + " bytes more after " + steps + " steps");
    }

    /** A first step as the released code makes it is longer by the number of slots. */
    @Test
    void aFillingWindowStartsSanely() {
        INDArray gradient = gaussian(1, ENTRIES).reshape(ENTRIES).muli(0.01);
        double square = gradient.mul(gradient).sumNumber().doubleValue();
        double longest = 0;
        for (Filling filling : Filling.values()) {
            GradientWindow window = new GradientWindow(1024, ENTRIES, DataType.DOUBLE, 1e-5, filling);
            window.insert(gradient);
            double factor = window.multiplyNewest().norm2Number().doubleValue() / Math.sqrt(square);
            double divisor = filling == Filling.WHOLE_WINDOW ? 1024 : 1;
            assertEquals(1 / (1e-5 + square / divisor), factor, 1e-6 * factor);
            longest = Math.max(longest, factor);
            if (filling == Filling.FILLED_SLOTS) {
                assertTrue(factor <= 1 / square, "no longer than a step that divides by the square: " + factor);
            }
        }
        assertTrue(longest > 100 / square, "the released start is " + longest);
    }

    @Test
    void theOptimizerFollowsItsMomentumAndResumesExactly() {
        INDArray gradients = gaussian(12, ENTRIES).castTo(DataType.FLOAT);
        MfacDirection mfac = new MfacDirection(window(4, DataType.FLOAT), ENTRIES, 0.9);
        MfacDirection plain = new MfacDirection(window(4, DataType.FLOAT), ENTRIES, 0);
        INDArray velocity = Nd4j.zeros(DataType.DOUBLE, ENTRIES);
        for (int t = 0; t < 6; t++) {
            INDArray direction = gradients.getRow(t).dup();
            INDArray unsmoothed = gradients.getRow(t).dup();
            mfac.replace(direction);
            plain.replace(unsmoothed);
            velocity.muli(0.9).addi(unsmoothed.castTo(DataType.DOUBLE).mul(0.1));
            assertClose(velocity, direction.castTo(DataType.DOUBLE), 1e-5);
        }
        MfacDirection resumed = new MfacDirection(window(4, DataType.FLOAT), ENTRIES, 0.9);
        resumed.state().forEach((name, live) -> live.assign(mfac.state().get(name)));
        resumed.restored();
        for (int t = 6; t < 12; t++) {
            INDArray direction = gradients.getRow(t).dup();
            INDArray other = gradients.getRow(t).dup();
            mfac.replace(direction);
            resumed.replace(other);
            assertArrayEquals(direction.data().asFloat(), other.data().asFloat());
        }
    }

    @Test
    void theMemoryIsStatedAndComparedBeforeItIsTaken() {
        long bytes = WindowMemory.bytes(512, 44_426, DataType.FLOAT);
        assertEquals(512L * 44_426 * 4 + 512L * 512 * 8, bytes);
        assertEquals(bytes, WindowMemory.require(512, 44_426, DataType.FLOAT, () -> bytes));
        LowRankException refused = assertThrows(
                LowRankException.class, () -> WindowMemory.require(512, 44_426, DataType.FLOAT, () -> bytes - 1));
        assertTrue(refused.getMessage().contains(String.format("%,d bytes", bytes)), refused.getMessage());
        assertTrue(refused.getMessage().contains(String.format("%,d bytes", bytes - 1)), refused.getMessage());
        int fits = Integer.parseInt(refused.getMessage().replaceAll("(?s).*A window of (\\d+) would fit.*", "$1"));
        assertEquals(511, fits);
        assertTrue(assertThrows(LowRankException.class, () -> WindowMemory.require(8, 1000, DataType.FLOAT, () -> 100))
                .getMessage()
                .contains("Not even one"));
        assertTrue(WindowMemory.available() > 0);
    }

    @Test
    void aWindowThatIsTooLargeIsRefused() {
        LowRankException refused = assertThrows(
                LowRankException.class,
                () -> new GradientWindow(1 << 20, 1L << 12, DataType.FLOAT, 1e-5, Filling.FILLED_SLOTS));
        assertTrue(refused.getMessage().contains("would fit"), refused.getMessage());
    }

    @Test
    void badArgumentsAreRefused() {
        INDArray gradients = gaussian(2, 5);
        assertMessage("damping", () -> new StaticInverseFisher(gradients, 0, 5));
        assertMessage("blocks of 0", () -> new StaticInverseFisher(gradients, 1, 0));
        assertMessage("rows of one matrix", () -> new StaticInverseFisher(gradients.getRow(0), 1, 5));
        assertMessage("at least 1", () -> new GradientWindow(0, 5, DataType.FLOAT, 1, Filling.FILLED_SLOTS));
        assertMessage("damping", () -> new GradientWindow(2, 5, DataType.FLOAT, Double.NaN, Filling.FILLED_SLOTS));
        assertMessage("momentum 1.0", () -> new MfacDirection(window(2, DataType.FLOAT), 5, 1));
        GradientWindow window = window(2, DataType.FLOAT);
        assertThrows(IllegalArgumentException.class, () -> window.insert(gradients.getRow(0)));
        assertThrows(IllegalStateException.class, window::multiplyNewest);
    }

    private static void assertMessage(String part, org.junit.jupiter.api.function.Executable bad) {
        LowRankException refused = assertThrows(LowRankException.class, bad);
        assertTrue(refused.getMessage().contains(part), refused.getMessage());
    }

    private static GradientWindow window(int size, DataType type) {
        return new GradientWindow(size, ENTRIES, type, 0.01, Filling.FILLED_SLOTS);
    }

    private static INDArray denseInverse(INDArray gradients, double lambda, int divisor) {
        INDArray fisher = gradients
                .transpose()
                .mmul(gradients)
                .div(divisor)
                .add(Nd4j.eye(gradients.size(1)).castTo(DataType.DOUBLE).muli(lambda));
        ThinSvd svd = ThinSvd.of(fisher);
        INDArray reciprocals = Nd4j.createFromArray(svd.singularValues()).rdiv(1);
        return svd.vt().transpose().mulRowVector(reciprocals).mmul(svd.u().transpose());
    }

    private static INDArray product(INDArray matrix, INDArray vector) {
        return matrix.mmul(vector.reshape(vector.length(), 1)).reshape(vector.length());
    }

    private INDArray gaussian(int rows, int columns) {
        double[] entries = random.doubles((long) rows * columns, -1.7, 1.7).toArray();
        return Nd4j.create(entries, new long[] {rows, columns}, 'c');
    }

    private static void assertClose(INDArray expected, INDArray actual, double relative) {
        double difference = expected.sub(actual).normmaxNumber().doubleValue();
        double size = expected.normmaxNumber().doubleValue();
        assertTrue(difference <= relative * size, "differs by " + difference + " of " + size);
    }
}
