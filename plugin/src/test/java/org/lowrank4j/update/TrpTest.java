package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;

class TrpTest {

    private static Map<String, String> options(String energy, String interval, String nuclear) {
        return Map.of("trp.energy", energy, "trp.interval", interval, "trp.nuclear-weight", nuclear);
    }

    private static TargetUpdate started(Problem problem) {
        TargetUpdate update = new Trp().attach(problem.target);
        update.start();
        return update;
    }

    private static int rank(INDArray weight) {
        double[] values = ThinSvd.of(weight).singularValues();
        int rank = 0;
        while (rank < values.length && values[rank] > 1e-10 * values[0]) {
            rank++;
        }
        return rank;
    }

    @Test
    void theWeightIsTruncatedAtTheStartAndAfterEveryInterval() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 2, 1, options("0.8", "3", "0"));
        INDArray before = problem.target.weight().dup();
        EnergyTruncation expected = EnergyTruncation.of(before, 0.8);
        TargetUpdate update = started(problem);
        assertTrue(
                expected.matrix().sub(problem.target.weight()).normmaxNumber().doubleValue() <= 1e-14);
        Problem.Run run = new Problem.Run(problem, update, new Nesterovs(0.002, 0.9));
        for (int t = 1; t <= 12; t++) {
            run.step();
            int rank = rank(problem.target.weight());
            if (t % 3 == 0) {
                assertTrue(rank < 7, "rank " + rank + " after a truncation");
            } else {
                assertEquals(7, rank, "after step " + t);
            }
        }
    }

    /** The same as full training whose weight is truncated by hand before the forward passes 0, 2, 4, ... */
    @Test
    void theForwardPassSeesTheTruncatedWeight() {
        Map<String, String> options = options("0.9", "2", "0.05");
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 2, 1, options);
        Problem.Run run = new Problem.Run(problem, started(problem), new Sgd(0.003));
        Problem byHand = new Problem(DataType.DOUBLE, 9, 7, 2, 1, options);
        INDArray weight = byHand.target.weight();
        for (int t = 0; t < 6; t++) {
            INDArray subgradient = Nd4j.zeros(DataType.DOUBLE, 9, 7);
            if (t % 2 == 0) {
                EnergyTruncation truncation = EnergyTruncation.of(weight, 0.9);
                weight.assign(truncation.matrix());
                subgradient = truncation.nuclearSubgradient();
            }
            weight.subi(byHand.gradientOfWeight().addi(subgradient.mul(0.05)).muli(0.003));
            run.step();
        }
        weight.assign(EnergyTruncation.of(weight, 0.9).matrix());
        assertTrue(weight.sub(problem.target.weight()).normmaxNumber().doubleValue() <= 1e-12);
    }

    /** The truncation of the weight that was overwritten says nothing about the new one. */
    @Test
    void theNuclearNormIsThatOfAWeightThatIsWritten() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 2, 1, options("0.9", "3", "0.05"));
        TargetUpdate update = started(problem);
        INDArray written = problem.gaussian(DataType.DOUBLE, 9, 7);
        problem.target.weight().assign(written);
        INDArray expected = problem.gradientOfWeight()
                .addi(EnergyTruncation.of(written, 0.9).nuclearSubgradient().mul(0.05));
        INDArray[] gradients = problem.gradients(update);
        update.beforeUpdater(gradients, new INDArray[1]);
        assertTrue(expected.sub(gradients[0]).normmaxNumber().doubleValue() <= 1e-12);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 0.9, 0.99, 1})
    void theSmallestPartThatKeepsTheEnergyIsKept(double energy) {
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 2, 1, Map.of());
        EnergyTruncation truncation = EnergyTruncation.of(problem.target.weight(), energy);
        double[] values = truncation.svd().singularValues();
        double total = 0;
        for (double value : values) {
            total += value * value;
        }
        double kept = Math.pow(truncation.matrix().norm2Number().doubleValue(), 2);
        int k = truncation.rank();
        assertTrue(kept >= energy * total - 1e-12, kept + " of " + total);
        assertTrue(kept - values[k - 1] * values[k - 1] < energy * total - 1e-12, "one value fewer would do");
        assertTrue(truncation
                        .left()
                        .mmul(truncation.right())
                        .sub(truncation.matrix())
                        .normmaxNumber()
                        .doubleValue()
                <= 1e-13);
    }

    @Test
    void theSubgradientIsTheDerivativeOfTheNuclearNorm() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 2, 1, Map.of());
        INDArray weight = problem.target.weight();
        INDArray direction = problem.gaussian(DataType.DOUBLE, 6, 5);
        double above = nuclearNorm(weight.add(direction.mul(1e-6)));
        double below = nuclearNorm(weight.sub(direction.mul(1e-6)));
        double expected = EnergyTruncation.of(weight, 1)
                .nuclearSubgradient()
                .mul(direction)
                .sumNumber()
                .doubleValue();
        assertEquals((above - below) / 2e-6, expected, 1e-8 * Math.abs(expected));
    }

    private static double nuclearNorm(INDArray matrix) {
        double sum = 0;
        for (double value : ThinSvd.of(matrix).singularValues()) {
            sum += value;
        }
        return sum;
    }

    @Test
    void gradientsAreTheDerivativesOfTheLoss() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 2, 1, options("1", "1000000", "0"));
        GradientChecks.assertDerivatives(problem, started(problem));
    }

    @Test
    void theNuclearTermComesInTheStepAfterATruncationOnly() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 2, 1, options("0.9", "3", "0.01"));
        TargetUpdate update = started(problem);
        for (int t = 0; t < 7; t++) {
            INDArray expected = EnergyTruncation.of(problem.target.weight(), 1 - 1e-12)
                    .nuclearSubgradient()
                    .muli(0.01);
            INDArray[] gradients = problem.views(update);
            gradients[0].assign(0);
            update.beforeUpdater(gradients, new INDArray[1]);
            if (t % 3 == 0) {
                assertTrue(expected.sub(gradients[0]).normmaxNumber().doubleValue() <= 1e-9);
            } else {
                assertEquals(0, gradients[0].normmaxNumber().doubleValue());
            }
            gradients[0].assign(problem.gaussian(DataType.DOUBLE, 9, 7).muli(0.01));
            update.step(gradients);
        }
    }

    @Test
    void aWeightOfZerosStaysOne() {
        Problem problem = new Problem(DataType.FLOAT, 5, 4, 2, 1, options("0.9", "1", "0.1"));
        problem.target.weight().assign(0);
        TargetUpdate update = started(problem);
        assertEquals(0, problem.target.weight().normmaxNumber().doubleValue());
        INDArray[] gradients = problem.views(update);
        gradients[0].assign(0);
        update.beforeUpdater(gradients, new INDArray[1]);
        assertEquals(0, gradients[0].normmaxNumber().doubleValue());
        EnergyTruncation nothing = EnergyTruncation.of(problem.target.weight(), 1);
        assertArrayEquals(new long[] {5, 0}, nothing.left().shape());
        assertArrayEquals(new long[] {0, 4}, nothing.right().shape());
    }

    @Test
    void trainingResumesBitForBit() {
        Map<String, String> options = options("0.9", "4", "0.01");
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 2, 1, options);
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Nesterovs(0.002, 0.9));
        for (int t = 0; t < 8; t++) {
            run.step();
        }
        run.assertResumes(9, copy -> new Trp().attach(copy.target));
    }

    @Test
    void itLearnsALowRankWeight() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 2, 1, options("0.95", "5", "0.01"));
        INDArray wanted = problem.gaussian(DataType.DOUBLE, 9, 2).mmul(problem.gaussian(DataType.DOUBLE, 2, 7));
        problem.y.assign(problem.x.mmul(wanted));
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Nesterovs(0.004, 0.9));
        double before = problem.loss(problem.target.weight());
        for (int t = 0; t < 400; t++) {
            run.step();
        }
        assertTrue(problem.loss(problem.target.weight()) < 0.01 * before);
        assertEquals(2, rank(problem.target.weight()));
    }

    @ParameterizedTest
    @CsvSource({
        "energy, 0, would keep nothing",
        "energy, 1.1, from 0.0 to 1.0",
        "interval, 0, above 0",
        "nuclear-weight, -1, at least 0.0"
    })
    void badOptionsAreRefused(String option, String value, String message) {
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 2, 1, Map.of("trp." + option, value));
        LowRankException refused = assertThrows(LowRankException.class, () -> new Trp().attach(problem.target));
        assertTrue(refused.getMessage().contains("trp." + option + "=" + value + " is refused"), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }
}
