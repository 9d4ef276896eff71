package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

class LoraXsTest {

    @ParameterizedTest
    @CsvSource({"9,6,3", "6,9,2", "5,5,5", "6,1,1", "1,6,1"})
    void theFactorsAreThePrincipalPartOfTheWeight(int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of());
        ThinSvd svd = ThinSvd.of(problem.target.weight());
        TargetUpdate update = new LoraXs().attach(problem.target);
        update.start();
        INDArray a = update.state().get("A");
        INDArray b = update.state().get("B");
        assertTrue(distance(svd.truncated(rank), a.mmul(b)) <= 1e-13);
        assertTrue(distance(Nd4j.eye(rank).castTo(DataType.DOUBLE), b.mmul(b.transpose())) <= 1e-13);
        assertEquals(rank * rank, update.tensors().get(0).length());
    }

    @Test
    void theNetworkStartsMovedByASmallRandomCore() {
        Problem problem = new Problem(DataType.DOUBLE, 60, 50, 40, 2, Map.of());
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new LoraXs().attach(problem.target);
        update.start();
        INDArray core = update.state().get("R");
        assertEquals(1e-5, core.stdNumber().doubleValue(), 4e-5 / Math.sqrt(2.0 * 1600));
        INDArray change =
                update.state().get("A").mmul(core).mmul(update.state().get("B")).muli(2);
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
            update.start();
            cores[i] = update.state().get("R");
        }
        assertEquals(cores[0], cores[1]);
    }

    @Test
    void theWeightMovesBetweenTheFixedSubspacesOnly() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of());
        ThinSvd svd = ThinSvd.of(problem.target.weight());
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new LoraXs().attach(problem.target);
        update.start();
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
        update.start();
        assertTrue(distance(before, update.state().get("A").mmul(update.state().get("B"))) <= 1e-13);
        assertTrue(Double.isFinite(problem.gradients(update)[0].sumNumber().doubleValue()));
    }

    @Test
    void aLargeWeightIsDecomposedAtRandomAndYetExactlyWhereItsRankIsLow() {
        Problem problem = new Problem(DataType.DOUBLE, 600, 560, 3, 1, Map.of());
        INDArray low = problem.gaussian(DataType.DOUBLE, 600, 3).mmul(problem.gaussian(DataType.DOUBLE, 3, 560));
        problem.target.weight().assign(low);
        TargetUpdate update = new LoraXs().attach(problem.target);
        update.start();
        assertTrue(distance(low, update.state().get("A").mmul(update.state().get("B"))) <= 1e-9);
    }

    @Test
    void whatIsSavedIsWhatIsLive() {
        Problem problem = new Problem(DataType.FLOAT, 9, 6, 3, 1, Map.of());
        TargetUpdate update = new LoraXs().attach(problem.target);
        update.start();
        assertArrayEquals(new String[] {"A", "B", "R"}, update.state().keySet().toArray());
        assertEquals(16, new LoraXs().defaultAlpha());
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
