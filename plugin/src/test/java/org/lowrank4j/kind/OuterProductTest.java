package org.lowrank4j.kind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every product of a gradient that is never formed, against the formed one. */
class OuterProductTest {

    private static final int ROWS = 6;
    private static final int INPUTS = 5;
    private static final int OUTPUTS = 4;

    private INDArray x;
    private INDArray delta;
    private INDArray whole;
    private WeightGradient gradient;

    @BeforeEach
    void draw() {
        Nd4j.getRandom().setSeed(3);
        x = random(ROWS, INPUTS);
        delta = random(ROWS, OUTPUTS);
        whole = x.transpose().mmul(delta);
        gradient = new OuterProduct(x, delta);
    }

    private static INDArray random(long rows, long columns) {
        return Nd4j.randn(DataType.DOUBLE, rows, columns);
    }

    private static void assertClose(INDArray expected, INDArray actual) {
        assertTrue(expected.equalsWithEps(actual, 1e-12), () -> "expected " + expected + " but was " + actual);
    }

    @ParameterizedTest
    @CsvSource({"f,0", "f,1", "c,0", "c,0.5"})
    void products(char order, double keep) {
        INDArray right = random(OUTPUTS, 3);
        INDArray left = random(INPUTS, 2);
        INDArray before = random(INPUTS, 3).dup(order);

        INDArray result = before.dup(order);
        gradient.times(right, 2, result, keep);
        assertClose(whole.mmul(right).mul(2).add(before.mul(keep)), result);

        before = random(2, OUTPUTS).dup(order);
        result = before.dup(order);
        gradient.transposeTimes(left, -1, result, keep);
        assertClose(left.transpose().mmul(whole).neg().add(before.mul(keep)), result);

        before = random(2, 3).dup(order);
        result = before.dup(order);
        gradient.between(left, right, 3, result, keep);
        assertClose(left.transpose().mmul(whole).mmul(right).mul(3).add(before.mul(keep)), result);

        before = random(INPUTS, OUTPUTS).dup(order);
        result = before.dup(order);
        gradient.formed(result, keep);
        assertClose(whole.add(before.mul(keep)), result);
    }

    @ParameterizedTest
    @CsvSource({"f", "c"})
    void columns(char order) {
        INDArray left = random(INPUTS, OUTPUTS).dup(order);
        assertClose(left.mul(whole).sum(true, 0), gradient.columnDots(left));

        INDArray factors = random(1, OUTPUTS);
        INDArray scaled = Nd4j.create(DataType.DOUBLE, INPUTS, OUTPUTS);
        gradient.withColumnsScaled(factors).formed(scaled, 0);
        assertClose(whole.mulRowVector(factors), scaled);
        assertEquals(whole, x.transpose().mmul(delta), "the gradient itself stays as it is");
    }

    @ParameterizedTest
    @CsvSource({"NaN,0", "0,NaN", "Infinity,0"})
    void notFinite(double ofInput, double ofDelta) {
        assertTrue(gradient.isFinite());
        x.putScalar(1, 1, x.getDouble(1, 1) + ofInput);
        delta.putScalar(2, 2, delta.getDouble(2, 2) + ofDelta);
        assertFalse(gradient.isFinite());
    }
}
