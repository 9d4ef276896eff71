package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.PseudoInverse;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.LoraXsStart;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

class LoraXsTest {

    @ParameterizedTest
    @CsvSource({"9,6,3", "6,9,2", "5,5,5", "6,1,1", "1,6,1"})
    void theFactorsAreThePrincipalPartOfTheWeight(int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of());
        ThinSvd svd = ThinSvd.of(problem.target.weight());
        TargetUpdate update = new LoraXs().attach(problem.target);
        problem.start(update, new LoraXsStart());
        INDArray a = update.kept().state().get("A");
        INDArray b = update.kept().state().get("B");
        assertTrue(distance(svd.truncated(rank), a.mmul(b)) <= 1e-13);
        assertTrue(distance(Nd4j.eye(rank).castTo(DataType.DOUBLE), b.mmul(b.transpose())) <= 1e-13);
        assertEquals(rank * rank, update.tensors().get(0).length());
    }

    @Test
    void theNetworkStartsMovedByASmallRandomCore() {
        Problem problem = new Problem(DataType.DOUBLE, 60, 50, 40, 2, Map.of());
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new LoraXs().attach(problem.target);
        problem.start(update, new LoraXsStart());
        INDArray core = update.kept().state().get("R");
        assertEquals(1e-5, core.stdNumber().doubleValue(), 4e-5 / Math.sqrt(2.0 * 1600));
        INDArray change = update.kept()
                .state()
                .get("A")
                .mmul(core)
                .mmul(update.kept().state().get("B"))
                .muli(2);
        assertTrue(distance(before.add(change), problem.target.weight()) <= 1e-14);
        assertTrue(change.norm2Number().doubleValue() > 1e-5);
    }

    @Test
    void theStartDependsOnlyOnTheSeed() {
        INDArray[] cores = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            Problem problem = new Problem(DataType.FLOAT, 9, 6, 3, 1, Map.of());
            TargetUpdate update = new LoraXs().attach(problem.target);
            Nd4j.getRandom().setSeed(i);
            problem.start(update, new LoraXsStart());
            cores[i] = update.kept().state().get("R");
        }
        assertEquals(cores[0], cores[1]);
    }

    @Test
    void theWeightMovesBetweenTheFixedSubspacesOnly() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of());
        ThinSvd svd = ThinSvd.of(problem.target.weight());
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new LoraXs().attach(problem.target);
        problem.start(update, new LoraXsStart());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        for (int i = 0; i < 10; i++) {
            run.step();
        }
        INDArray u = svd.left(0, 1);
        INDArray vt = svd.right(0, 1);
        INDArray change = problem.target.weight().sub(before);
        INDArray projected =
                u.mmul(u.transpose()).mmul(change).mmul(vt.transpose()).mmul(vt);
        assertTrue(change.normmaxNumber().doubleValue() > 1e-2);
        assertTrue(distance(projected, change) <= 1e-13);
    }

    @Test
    void aDeficientWeightHasZerosBeyondItsRank() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 7, 4, 1, Map.of());
        problem.target
                .weight()
                .assign(problem.gaussian(DataType.DOUBLE, 8, 2).mmul(problem.gaussian(DataType.DOUBLE, 2, 7)));
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new LoraXs().attach(problem.target);
        problem.start(update, new LoraXsStart());
        assertTrue(distance(
                        before,
                        update.kept()
                                .state()
                                .get("A")
                                .mmul(update.kept().state().get("B")))
                <= 1e-13);
        assertTrue(Double.isFinite(problem.gradients(update)[0].sumNumber().doubleValue()));
    }

    @Test
    void aLargeWeightIsDecomposedAtRandomAndYetExactlyWhereItsRankIsLow() {
        Problem problem = new Problem(DataType.DOUBLE, 600, 560, 3, 1, Map.of());
        INDArray low = problem.gaussian(DataType.DOUBLE, 600, 3).mmul(problem.gaussian(DataType.DOUBLE, 3, 560));
        problem.target.weight().assign(low);
        TargetUpdate update = new LoraXs().attach(problem.target);
        problem.start(update, new LoraXsStart());
        assertTrue(distance(
                        low,
                        update.kept()
                                .state()
                                .get("A")
                                .mmul(update.kept().state().get("B")))
                <= 1e-9);
    }

    @Test
    void whatIsSavedIsWhatIsLive() {
        Problem problem = new Problem(DataType.FLOAT, 9, 6, 3, 1, Map.of());
        TargetUpdate update = new LoraXs().attach(problem.target);
        problem.start(update, new LoraXsStart());
        assertArrayEquals(
                new String[] {"A", "B", "R"}, update.kept().state().keySet().toArray());
        assertEquals(16, new LoraXs().defaultAlpha());
    }

    @ParameterizedTest
    @CsvSource({"9,6,3,FLOAT", "6,9,2,DOUBLE", "5,5,5,DOUBLE", "6,1,1,DOUBLE", "1,6,1,DOUBLE"})
    void aStepAlongTheEquivalentGradientIsTheProjectionOfTheFullOne(int inputs, int outputs, int rank, DataType type) {
        Map<String, String> options = Map.of("lora-xs.core-gradient", "equivalent");
        Problem problem = new Problem(type, inputs, outputs, rank, 3, options);
        Factors given = problem.factors().withCore(problem.gaussian(DataType.DOUBLE, rank, rank));
        TargetUpdate update = new LoraXs().attach(problem.target);
        update.start(given);
        assertProjectedStep(problem, update, given);

        TargetUpdate restored = new LoraXs().attach(Problem.again(problem.target));
        restored.kept().restore(update.kept().state());
        assertProjectedStep(problem, restored, given);
    }

    @Test
    void theEquivalentGradientOfDependentFactorsIsFinite() {
        Map<String, String> options = Map.of("lora-xs.core-gradient", "equivalent");
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 3, 2, options);
        Factors given = problem.factors().withCore(Nd4j.zeros(DataType.DOUBLE, 3, 3));
        given.a().getColumn(2).assign(given.a().getColumn(0).mul(2));
        given.b().getRow(1).assign(0);
        TargetUpdate update = new LoraXs().attach(problem.target);
        update.start(given);
        assertProjectedStep(problem, update, given);
    }

    /** One step of SGD moves W by -eta P_A G P_B. */
    private static void assertProjectedStep(Problem problem, TargetUpdate update, Factors factors) {
        double eta = 0.01;
        INDArray before = problem.target.weight().dup();
        INDArray gradient = problem.gradientOfWeight().castTo(DataType.DOUBLE);
        INDArray ofA = factors.a().mmul(PseudoInverse.of(factors.a()));
        INDArray ofB = PseudoInverse.of(factors.b()).mmul(factors.b());
        INDArray expected = ofA.mmul(gradient).mmul(ofB).muli(-eta);
        new Problem.Run(problem, update, new Sgd(eta)).step();
        INDArray change = problem.target.weight().sub(before).castTo(DataType.DOUBLE);
        double allowed = problem.target.dataType() == DataType.FLOAT ? 1e-5 : 1e-12;
        assertTrue(expected.normmaxNumber().doubleValue() > 1e-3);
        assertTrue(distance(expected, change) <= allowed, () -> "off by " + distance(expected, change));
    }

    @Test
    void anotherCoreGradientIsRefused() {
        Problem problem = new Problem(DataType.FLOAT, 5, 4, 2, 1, Map.of("lora-xs.core-gradient", "projected"));
        LowRankException refused = assertThrows(LowRankException.class, () -> new LoraXs().attach(problem.target));
        assertTrue(refused.getMessage().contains("one of plain, equivalent"), refused.getMessage());
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
