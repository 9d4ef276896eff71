package org.lowrank4j.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

class ZLossTest {

    private static final LossMCXENT PLAIN = new LossMCXENT();

    private static TrainingLoss loss(String slope, String margin) {
        return new ZLoss().with(new OptionValues(new ZLoss(), Map.of("z-loss.slope", slope, "z-loss.margin", margin)));
    }

    private static INDArray outputs(int examples, int classes) {
        Random random = new Random(5);
        INDArray array = Nd4j.create(DataType.DOUBLE, examples, classes);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, 2 * random.nextGaussian());
        }
        return array;
    }

    private static INDArray labels(int examples, int classes) {
        INDArray labels = Nd4j.zeros(DataType.DOUBLE, examples, classes);
        for (int i = 0; i < examples; i++) {
            labels.putScalar(i, i % classes, 1);
        }
        return labels;
    }

    @Test
    void gradientsAreDerivatives() {
        TrainingLoss loss = loss("2.5", "0.7");
        INDArray outputs = outputs(5, 4);
        INDArray labels = labels(5, 4);
        labels.putScalar(2, 0, 0.5);
        LossMCXENT own = new LossMCXENT(Nd4j.createFromArray(0.5, 1, 2, 1.5).reshape(1, 4));
        INDArray mask = Nd4j.createFromArray(1.0, 0, 1, 0.5, 1).reshape(5, 1);
        INDArray gradient = loss.gradient(labels, outputs, own, mask);
        for (long i = 0; i < outputs.length(); i++) {
            double output = outputs.getDouble(i);
            double above = loss.score(labels, outputs.dup().putScalar(i, output + 1e-5), own, mask);
            double below = loss.score(labels, outputs.dup().putScalar(i, output - 1e-5), own, mask);
            assertEquals((above - below) / 2e-5, gradient.getDouble(i), 1e-8, "entry " + i);
        }
        assertEquals(0, gradient.getRow(1).amaxNumber().doubleValue(), "a masked example");
    }

    @Test
    void doesNotChangeWhenOutputsAreShiftedOrStretched() {
        TrainingLoss loss = loss("1", "1");
        INDArray outputs = outputs(3, 6);
        double here = loss.score(labels(3, 6), outputs, PLAIN, null);
        assertEquals(here, loss.score(labels(3, 6), outputs.mul(7).addi(3), PLAIN, null), 1e-12);
    }

    @Test
    void equalOutputsAndLargeOnesStayFinite() {
        TrainingLoss loss = loss("50", "1");
        INDArray labels = labels(1, 3);
        for (double[] values : new double[][] {{2, 2, 2}, {-1e150, 1e150, 0}}) {
            INDArray outputs = Nd4j.createFromArray(values).reshape(1, 3);
            assertTrue(Double.isFinite(loss.score(labels, outputs, PLAIN, null)));
            INDArray gradient = loss.gradient(labels, outputs, PLAIN, null);
            assertTrue(Double.isFinite(gradient.sumNumber().doubleValue()), gradient::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "x"})
    void aSlopeIsAboveZero(String slope) {
        String message =
                assertThrows(LowRankException.class, () -> loss(slope, "1")).getMessage();
        assertTrue(message.contains("z-loss.slope=" + slope + " is refused"), message);
    }
}
