package org.lowrank4j.tests.pages.starts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class RoundedWeightsTest {

    @Test
    void eachColumnKeepsItsEndsAndHasEightValues() {
        Random random = new Random(5);
        INDArray weight = Nd4j.create(200, 3);
        for (int i = 0; i < weight.length(); i++) {
            weight.putScalar(i, (float) random.nextGaussian());
        }
        weight.getColumn(1).muli(100);
        INDArray rounded = weight.dup();
        RoundedWeights.round(rounded);
        for (int column = 0; column < 3; column++) {
            INDArray before = weight.getColumn(column);
            INDArray after = rounded.getColumn(column);
            double least = before.minNumber().doubleValue();
            double most = before.maxNumber().doubleValue();
            assertEquals(least, after.minNumber().doubleValue(), 1e-6 * most);
            assertEquals(most, after.maxNumber().doubleValue(), 1e-6 * most);
            TreeSet<Float> values = new TreeSet<>();
            for (float value : after.toFloatVector()) {
                values.add(value);
            }
            assertTrue(values.size() > 4 && values.size() <= 8, values.toString());
            double error = before.sub(after).normmaxNumber().doubleValue();
            assertTrue(error <= (most - least) / 14 * 1.0001, "error " + error);
        }
    }

    @Test
    void aConstantColumnStays() {
        INDArray weight = Nd4j.valueArrayOf(new long[] {4, 1}, 0.25f);
        RoundedWeights.round(weight);
        assertEquals(Nd4j.valueArrayOf(new long[] {4, 1}, 0.25f), weight);
    }
}
