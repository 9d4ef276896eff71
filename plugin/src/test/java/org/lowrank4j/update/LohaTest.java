package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class LohaTest {

    @Test
    void trains() {
        OwnUpdateChecks.assertTrains(new Loha(), 9, 6, 2, Map.of());
        OwnUpdateChecks.assertTrains(new Loha(), 5, 8, 3, Map.of());
    }

    /** 3 channels, filters of 2 x 2. */
    private static final class OfKernel implements OwnUpdate {

        @Override
        public String name() {
            return "loha";
        }

        @Override
        public TargetUpdate attach(TargetWeight target) {
            return new Loha().attach(Given.kernel(target, List.of(2L, 2L)));
        }
    }

    @Test
    void trainsKernels() {
        OwnUpdateChecks.Trained trained =
                OwnUpdateChecks.assertTrains(new OfKernel(), 12, 5, 2, Map.of("loha.effective", "yes"));
        assertEquals(
                List.of("T1", "A1", "B1", "T2", "A2", "B2"),
                trained.state().tensors().stream().map(TrainedTensor::name).toList());
        assertEquals(2 * (2 * 2 * 4 + 2 * 5 + 2 * 3), numbers(trained.state()));
        OwnUpdateChecks.Trained dense = OwnUpdateChecks.assertTrains(new OfKernel(), 12, 5, 2, Map.of());
        assertEquals(2 * 2 * (12 + 5), numbers(dense.state()));
    }

    private static long numbers(TargetUpdate update) {
        return update.tensors().stream().mapToLong(TrainedTensor::length).sum();
    }

    @Test
    void theChangeHasRankUpToTheSquare() {
        Problem problem = new Problem(DataType.DOUBLE, 14, 12, 3, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new Loha().attach(problem.target);
        update.start();
        INDArray[] steps = problem.views(update);
        for (INDArray step : steps) {
            step.assign(problem.gaussian(DataType.DOUBLE, (int) step.size(0), (int) step.size(1)));
        }
        update.step(steps);
        double[] values = ThinSvd.of(problem.target.weight().sub(before)).singularValues();
        assertTrue(values[8] > 1e-3 * values[0], "rank 9");
        assertTrue(values[9] < 1e-12 * values[0], "and no more");
    }

    @Test
    void theFirstStepMovesOnlyTheFactorThatIsZero() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of());
        TargetUpdate update = new Loha().attach(problem.target);
        update.start();
        INDArray[] gradients = problem.gradients(update);
        for (int i = 0; i < 4; i++) {
            assertEquals(
                    i == 2,
                    gradients[i].amaxNumber().doubleValue() > 0,
                    update.tensors().get(i).name());
        }
        assertTrue(update.tensors().get(0).value().amaxNumber().doubleValue() <= 1 / Math.sqrt(9));
        assertTrue(update.tensors().get(1).value().amaxNumber().doubleValue() <= 1 / Math.sqrt(2));
    }
}
