package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.initialisation.LolduStart;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

class LolduTest {

    @ParameterizedTest
    @CsvSource({"5,5", "7,4", "4,7", "6,1", "1,6"})
    void atFullRankTheProductIsTheWeight(int inputs, int outputs) {
        int rank = Math.min(inputs, outputs);
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new Loldu().attach(problem.target);
        problem.start(update, new LolduStart());
        assertEquals(before, problem.target.weight(), "the network starts unchanged");
        assertTrue(distance(before, product(update)) <= 1e-13);
        assertTrue(update.kept().state().get("B").normmaxNumber().doubleValue() <= 1, "partial pivoting bounds L");
        assertEquals(
                rank + 1,
                update.tensors().stream().mapToLong(TrainedTensor::length).sum());
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void theWeightFollowsTheDiagonalAndTheScale(DataType type) {
        Problem problem = new Problem(type, 8, 6, 3, 0.5, Map.of());
        TargetUpdate update = new Loldu().attach(problem.target);
        problem.start(update, new LolduStart());
        assertEquals(0.5, update.kept().state().get("sigma").getDouble(0));
        INDArray base = problem.target.weight().sub(product(update));
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.02));
        for (int i = 0; i < 30; i++) {
            run.step();
        }
        assertTrue(Math.abs(update.kept().state().get("sigma").getDouble(0) - 0.5) > 0.01, "sigma is trained, too");
        double rounding = type == DataType.FLOAT ? 1e-5 : 1e-13;
        assertTrue(distance(base.add(product(update)), problem.target.weight()) <= rounding);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void pivotsBeyondTheRankOfTheWeightAreLeftOut(DataType type) {
        Problem problem = new Problem(type, 8, 6, 5, 1, Map.of());
        INDArray low = problem.gaussian(DataType.DOUBLE, 8, 2).mmul(problem.gaussian(DataType.DOUBLE, 2, 6));
        problem.target.weight().assign(low);
        TargetUpdate update = new Loldu().attach(problem.target);
        problem.start(update, new LolduStart());
        INDArray z = update.kept().state().get("z");
        assertTrue(z.getDouble(0, 0) != 0 && z.getDouble(0, 1) != 0);
        for (int i = 2; i < 5; i++) {
            assertEquals(0, z.getDouble(0, i));
            assertEquals(
                    0,
                    update.kept().state().get("A").getColumn(i).normmaxNumber().doubleValue());
        }
        assertTrue(distance(problem.target.weight(), product(update)) <= (type == DataType.FLOAT ? 1e-5 : 1e-13));
        INDArray gradient = problem.gradients(update)[0];
        assertEquals(
                0,
                gradient.get(NDArrayIndex.all(), NDArrayIndex.interval(2, 5))
                        .normmaxNumber()
                        .doubleValue());
    }

    @Test
    void aWeightOfZerosTrainsNothingAndBreaksNothing() {
        Problem problem = new Problem(DataType.FLOAT, 5, 4, 2, 1, Map.of());
        problem.target.weight().assign(0);
        TargetUpdate update = new Loldu().attach(problem.target);
        problem.start(update, new LolduStart());
        new Problem.Run(problem, update, new Adam(0.1)).step();
        assertEquals(Nd4j.zeros(DataType.FLOAT, 5, 4), problem.target.weight());
    }

    private static INDArray product(TargetUpdate update) {
        Map<String, INDArray> state = update.kept().state();
        return state.get("A")
                .mulRowVector(state.get("z"))
                .mmul(state.get("B"))
                .muli(state.get("sigma").getDouble(0));
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
