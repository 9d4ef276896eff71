package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Problem;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

class MatrixStepTest {

    /** A step's work lies in the updater's workspace, and what is kept does not. */
    @ParameterizedTest
    @ValueSource(strings = {"norm", "muon", "dion", "shampoo", "ldadam", "flora"})
    void workspacesMayCloseAroundAStep(String name) {
        Map<String, String> options = Map.of("flora.refresh", "2", "shampoo.refresh", "2", "norm.length", "joint");
        Problem inside = new Problem(DataType.FLOAT, 8, 6, 2, 1, options);
        Problem outside = new Problem(DataType.FLOAT, 8, 6, 2, 1, options);
        Problem.Run run = run(name, inside);
        Problem.Run other = run(name, outside);
        WorkspaceConfiguration configuration = WorkspaceConfiguration.builder()
                .policyLearning(LearningPolicy.FIRST_LOOP)
                .build();
        for (int i = 0; i < 6; i++) {
            try (MemoryWorkspace workspace =
                    Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "an updater's")) {
                run.step();
            }
            other.step();
        }
        assertEquals(outside.target.weight(), inside.target.weight());
        inside.target.kept().state().forEach((array, value) -> assertTrue(!value.isAttached(), array));
        run.assertSame(other);
    }

    private static Problem.Run run(String name, Problem problem) {
        GradientApproximation gradient = Methods.load().gradient(name, "test");
        return new Problem.Run(
                problem, gradient.approximate(new FullWeight().attach(problem.target), problem.target), new Sgd(0.01));
    }
}
