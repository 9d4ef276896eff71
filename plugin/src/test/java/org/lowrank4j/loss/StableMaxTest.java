package org.lowrank4j.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;

class StableMaxTest {

    private static final LossMCXENT PLAIN = new LossMCXENT();

    private final StableMax loss = new StableMax();

    private static INDArray random(long seed, boolean positive, long... shape) {
        Random random = new Random(seed);
        INDArray array = Nd4j.create(DataType.DOUBLE, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, positive ? random.nextDouble() : 3 * random.nextGaussian());
        }
        return array;
    }

    /** Softmax of sign(z) log(1 + |z|), through DL4J's own loss. */
    private static double bySoftmax(
            INDArray labels, INDArray logits, @Nullable INDArray weights, @Nullable INDArray mask) {
        INDArray transformed = logits.dup();
        for (long i = 0; i < logits.length(); i++) {
            double z = logits.getDouble(i);
            transformed.putScalar(i, Math.signum(z) * Math.log(1 + Math.abs(z)));
        }
        return new LossMCXENT(0, weights).computeScore(labels, transformed, new ActivationSoftmax(), mask, false);
    }

    private void agrees(INDArray labels, INDArray logits, @Nullable INDArray weights, @Nullable INDArray mask) {
        LossMCXENT own = new LossMCXENT(weights);
        assertEquals(bySoftmax(labels, logits, weights, mask), loss.score(labels, logits, own, mask), 1e-11);
        INDArray gradient = loss.gradient(labels, logits, own, mask);
        for (long i = 0; i < logits.length(); i++) {
            double z = logits.getDouble(i);
            double above = bySoftmax(labels, logits.dup().putScalar(i, z + 1e-5), weights, mask);
            double below = bySoftmax(labels, logits.dup().putScalar(i, z - 1e-5), weights, mask);
            assertEquals((above - below) / 2e-5, gradient.getDouble(i), 1e-7, "entry " + i);
        }
    }

    @Test
    void isSoftmaxOfLogarithmsForAnyLabelsWeightsAndMasks() {
        INDArray logits = random(1, false, 5, 4);
        INDArray distributions = random(2, true, 5, 4);
        distributions.diviColumnVector(distributions.sum(true, 1));
        INDArray notNormalised = random(3, true, 5, 4).muli(2);
        INDArray weights = random(4, true, 1, 4);
        INDArray mask = Nd4j.createFromArray(1.0, 0, 1, 0.5, 1).reshape(5, 1);
        agrees(distributions, logits, null, null);
        agrees(notNormalised, logits, null, null);
        agrees(notNormalised, logits, weights, null);
        agrees(distributions, logits, weights, mask);
        assertEquals(
                loss.gradient(distributions, logits, PLAIN, mask),
                loss.gradient(distributions.dup('f'), logits.dup('f'), PLAIN, mask));
    }

    @Test
    void aMaskedExampleCountsForNothing() {
        INDArray logits = random(1, false, 2, 3);
        INDArray labels = Nd4j.eye(3).castTo(DataType.DOUBLE).getRows(0, 1);
        INDArray mask = Nd4j.createFromArray(1.0, 0).reshape(2, 1);
        INDArray first = logits.getRow(0, true);
        assertEquals(
                loss.score(labels.getRow(0, true), first, PLAIN, null), loss.score(labels, logits, PLAIN, mask), 0);
        assertEquals(
                0,
                loss.gradient(labels, logits, PLAIN, mask)
                        .getRow(1)
                        .norm1Number()
                        .doubleValue());
    }

    /** Single precision, the right class 40 ahead: softmax has nothing left to learn, StableMax has. */
    @Test
    void goesOnWhereSoftmaxStandsStill() {
        INDArray logits = Nd4j.createFromArray(40f, 0f, 0f).reshape(1, 3);
        INDArray labels = Nd4j.createFromArray(1f, 0f, 0f).reshape(1, 3);
        assertEquals(
                0f,
                PLAIN.computeGradient(labels, logits, new ActivationSoftmax(), null)
                        .getFloat(0));
        INDArray gradient = loss.gradient(labels, logits, PLAIN, null);
        assertEquals(DataType.FLOAT, gradient.dataType());
        assertEquals(-2.0 / 43 / 41, gradient.getDouble(0), 1e-9);
        assertEquals(1.0 / 43, gradient.getDouble(1), 1e-8);
    }

    @Test
    void enormousLogitsStayFinite() {
        INDArray logits = Nd4j.createFromArray(-1e300, 1e300).reshape(1, 2);
        INDArray labels = Nd4j.createFromArray(1.0, 0).reshape(1, 2);
        assertEquals(600 * Math.log(10), loss.score(labels, logits, PLAIN, null), 1e-9);
        INDArray gradient = loss.gradient(labels, logits, PLAIN, null);
        assertTrue(Double.isFinite(gradient.sumNumber().doubleValue()), gradient::toString);
        assertNotEquals(0, gradient.getDouble(0));
    }

    @Test
    void whatIsNotANumberStaysThat() {
        INDArray logits = Nd4j.createFromArray(Double.NaN, 1).reshape(1, 2);
        INDArray labels = Nd4j.createFromArray(0.0, 1).reshape(1, 2);
        assertTrue(Double.isNaN(loss.score(labels, logits, PLAIN, null)));
        assertTrue(Double.isNaN(loss.gradient(labels, logits, PLAIN, null).getDouble(1)));
    }

    @Test
    void refusesWhatDoesNotFitTogether() {
        INDArray logits = random(1, false, 2, 3);
        refused(IllegalArgumentException.class, "[2, 4]", random(2, true, 2, 4), logits, PLAIN, null);
        refused(
                IllegalArgumentException.class,
                "2 class weights for 3",
                logits,
                logits,
                new LossMCXENT(random(2, true, 1, 2)),
                null);
        refused(UnsupportedOperationException.class, "single outputs", logits, logits, PLAIN, Nd4j.ones(2, 3));
    }

    private void refused(
            Class<? extends Exception> type,
            String reason,
            INDArray labels,
            INDArray logits,
            LossMCXENT own,
            @Nullable INDArray mask) {
        Exception refused = assertThrows(type, () -> loss.gradient(labels, logits, own, mask));
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
        assertThrows(type, () -> loss.score(labels, logits, own, mask));
    }

    @Test
    void standsForCrossEntropyAfterSoftmaxOnly() {
        assertNull(loss.refusal(PLAIN, new ActivationSoftmax()));
        assertNull(loss.refusal(new LossNegativeLogLikelihood(), new ActivationSoftmax()));
        for (ILossFunction other : new ILossFunction[] {new LossMSE(), new LossSparseMCXENT()}) {
            String refusal = loss.refusal(other, new ActivationSoftmax());
            assertTrue(refusal != null && refusal.contains(other.getClass().getSimpleName()), refusal);
        }
        String refusal = loss.refusal(PLAIN, new ActivationSigmoid());
        assertTrue(refusal != null && refusal.contains("ActivationSigmoid"), refusal);
    }
}
