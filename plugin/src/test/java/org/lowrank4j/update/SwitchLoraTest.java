package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nadam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;

class SwitchLoraTest {

    private static final Map<String, String> FAST =
            Map.of("switchlora.interval", "8", "switchlora.freeze", "3", "switchlora.total-steps", "400");

    @Test
    void anExchangeLeavesTheWeightAsItIs() {
        Problem problem = problem(DataType.FLOAT, FAST);
        SwitchLora.Target update = attach(problem);
        INDArray weight = problem.target.weight().dup();
        INDArray a = update.a().dup();
        update.exchange(2, 1, problem.gradients(update), noState());
        assertEquals(weight, problem.target.weight());
        assertNotEquals(a.getColumn(0), update.a().getColumn(0));
        assertNotEquals(a.getColumn(1), update.a().getColumn(1));
        assertEquals(a.getColumn(2), update.a().getColumn(2));
    }

    @Test
    void aVectorThatComesBackIsAsItLeft() {
        Problem problem = problem(DataType.DOUBLE, FAST);
        SwitchLora.Target update = attach(problem);
        INDArray first = update.a().getColumn(0).dup();
        // 7 candidates, of which slots 0 to 3 start in use: the fourth exchange takes slot 0 again.
        update.exchange(3, 0, problem.gradients(update), noState());
        for (int i = 0; i < 4; i++) {
            assertNotEquals(first, update.a().getColumn(i));
        }
        update.exchange(1, 0, problem.gradients(update), noState());
        assertEquals(first, update.a().getColumn(3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"adam", "nesterovs", "sgd"})
    void theCounterpartStandsStillForAsManyStepsAsAsked(String name) {
        IUpdater users = switch (name) {
            case "adam" -> new Adam(0.01);
            case "nesterovs" -> new Nesterovs(0.001, 0.9);
            default -> new Sgd(0.001);
        };
        // The schedule's own draws are off: an interval so long that none happens in this test.
        Problem problem =
                problem(DataType.DOUBLE, Map.of("switchlora.interval", "1000000000", "switchlora.freeze", "4"));
        SwitchLora.Target update = attach(problem);
        Problem.Run run = new Problem.Run(problem, update, users);
        run.step();
        run.step();

        // As the engine would, but with an exchange of column 0 of A that the draw did not ask for.
        INDArray row = update.b().getRow(0).dup();
        INDArray other = update.b().getRow(1).dup();
        INDArray column = update.a().getColumn(0).dup();
        update.exchange(1, 0, problem.views(update), run.states());
        assertNotEquals(column, update.a().getColumn(0));
        column = update.a().getColumn(0).dup();
        // That exchange counted as the first of the four frozen updates.
        for (int i = 0; i < 3; i++) {
            run.step();
            assertEquals(row, update.b().getRow(0), "step " + i);
        }
        assertNotEquals(other, update.b().getRow(1));
        assertNotEquals(column, update.a().getColumn(0));
        run.step();
        assertNotEquals(row, update.b().getRow(0));
    }

    @Test
    void regularisationDoesNotMoveFrozenVectors() {
        Problem problem = problem(DataType.DOUBLE, FAST);
        SwitchLora.Target update = attach(problem);
        INDArray[] gradients = problem.gradients(update);
        update.exchange(1, 0, gradients, noState());
        update.regularise(new L2Regularization(0.5), gradients, new double[] {0.1, 0.1}, 0, 0);
        assertEquals(0, gradients[1].getRow(0).norm2Number().doubleValue());
        assertTrue(gradients[1].getRow(1).norm2Number().doubleValue() > 0);
    }

    @Test
    void aFrozenVectorIsNotExchanged() {
        Problem problem = problem(DataType.DOUBLE, FAST);
        SwitchLora.Target update = attach(problem);
        // B starts at half of the rank: exchanging all columns of A freezes all rows of B.
        INDArray b = update.b().dup();
        update.exchange(problem.target.rank(), 4, problem.gradients(update), noState());
        assertEquals(b, update.b());
    }

    @Test
    void theNumberOfExchangesFollowsTheSchedule() {
        Problem problem = problem(DataType.DOUBLE, FAST);
        SwitchLora.Target update = attach(problem);
        SwitchLora.Schedule schedule = new SwitchLora.Schedule(8, 0.1, 400, 3);
        INDArray[] gradients = problem.gradients(update);
        int rank = problem.target.rank();
        double expected = 0;
        double variance = 0;
        int exchanged = 0;
        for (int t = 0; t < 400; t++) {
            INDArray before = update.kept().state().get("slotsA").dup();
            update.beforeUpdater(gradients, noState());
            INDArray after = update.kept().state().get("slotsA");
            for (int i = 0; i < rank; i++) {
                exchanged += before.getInt(i) == after.getInt(i) ? 0 : 1;
            }
            double fraction = schedule.switches(t, rank) % 1;
            expected += schedule.switches(t, rank);
            variance += fraction * (1 - fraction);
        }
        assertTrue(expected > 10, "the test would be too weak with " + expected);
        assertEquals(expected, exchanged, 3 * Math.sqrt(variance));
    }

    @Test
    void theRateFallsTo30PercentAfterItsPartOfTheTraining() {
        SwitchLora.Schedule schedule = new SwitchLora.Schedule(40, 0.1, 40_000, 5);
        assertEquals(0.3, schedule.rate(3999), 1e-12);
        assertEquals(128.0 / 40 * 0.3, schedule.switches(3999, 128), 1e-12);
        assertEquals(1e-8, schedule.rate(1_000_000));
    }

    @Test
    void withoutSpareVectorsNothingIsExchanged() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 3, 3, 1, FAST);
        SwitchLora.Target update = attach(problem);
        INDArray a = update.a().dup();
        INDArray b = update.b().dup();
        update.exchange(3, 3, problem.gradients(update), noState());
        assertEquals(a, update.a());
        assertEquals(b, update.b());
    }

    @Test
    void trainingResumesBitForBit() {
        Map<String, String> often = Map.of("switchlora.interval", "4", "switchlora.freeze", "2");
        Problem problem = problem(DataType.FLOAT, often);
        SwitchLora.Target update = attach(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        for (int i = 0; i < 25; i++) {
            run.step();
        }
        INDArray slots = update.kept().state().get("slotsA").dup();
        run.assertResumes(25, SwitchLoraTest::attach);
        assertNotEquals(slots, update.kept().state().get("slotsA"), "nothing was exchanged");
    }

    @Test
    void itLearns() {
        Problem problem = problem(DataType.FLOAT, FAST);
        SwitchLora.Target update = attach(problem);
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        assertTrue(problem.loss(problem.target.weight()) < 0.5 * before);
    }

    @Test
    void anUpdaterThatCannotBeClearedByVectorIsRefused() {
        SwitchLora.Target update = attach(problem(DataType.FLOAT, FAST));
        TrainedTensor a = update.tensors().get(0);
        for (IUpdater users : new IUpdater[] {new Nadam(0.01), new AMSGrad(0.01)}) {
            LowRankException refused = assertThrows(LowRankException.class, () -> update.updater(a, users));
            assertTrue(refused.getMessage().contains("Use Adam"), refused.getMessage());
            assertTrue(refused.getMessage().contains(users.getClass().getSimpleName()), refused.getMessage());
        }
        Sgd sgd = new Sgd(0.1);
        assertSame(sgd, update.updater(a, sgd));
    }

    @Test
    void anIntervalThatIsTooShortIsRefused() {
        Problem problem = problem(DataType.FLOAT, Map.of("switchlora.interval", "9"));
        LowRankException refused = assertThrows(LowRankException.class, () -> attach(problem));
        assertTrue(refused.getMessage().contains("at least 10"), refused.getMessage());
    }

    @Test
    void aFreezeBeyondEveryIntervalIsRefused() {
        Problem problem = problem(DataType.FLOAT, Map.of("switchlora.freeze", "1500000000"));
        LowRankException refused = assertThrows(LowRankException.class, () -> attach(problem));
        assertTrue(refused.getMessage().contains("at least 3000000000"), refused.getMessage());
    }

    private static Problem problem(DataType type, Map<String, String> options) {
        return new Problem(type, 10, 7, 4, 0.25, options);
    }

    private static SwitchLora.Target attach(Problem problem) {
        SwitchLora.Target update = (SwitchLora.Target) new SwitchLora().attach(problem.target);
        update.start(problem.factors());
        return update;
    }

    private static INDArray[] noState() {
        return new INDArray[] {Nd4j.empty(DataType.FLOAT), Nd4j.empty(DataType.FLOAT)};
    }
}
