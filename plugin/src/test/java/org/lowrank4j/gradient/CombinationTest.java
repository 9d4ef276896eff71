package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.StartedUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

/** Approximations with updates that they were not published with: each keeps what it promises. */
class CombinationTest {

    private static final Methods METHODS = Methods.load();
    private static final double RATE = 0.01;

    private static TargetUpdate started(String gradient, String update, Problem problem) {
        LowRankUpdate method = METHODS.update(update, "test");
        TargetUpdate state =
                METHODS.gradient(gradient, "test").approximate(method.attach(problem.target), problem.target);
        if (method instanceof StartedUpdate started) {
            problem.start(state, METHODS.initialisation(started.defaultInitialisation(), "test"));
        } else {
            state.start();
        }
        return state;
    }

    private static Problem problem(int rank, String... options) {
        Map<String, String> written = new HashMap<>();
        for (int i = 0; i < options.length; i += 2) {
            written.put(options[i], options[i + 1]);
        }
        return new Problem(DataType.DOUBLE, 8, 6, rank, 1, written);
    }

    /** A subspace of all dimensions leaves nothing out. */
    @Test
    void galoreOfFullRankIsTheUpdateItself() {
        String[] options = {"galore.scale", "1", "galore.refresh", "2", "trp.interval", "3"};
        Problem problem = problem(6, options);
        Problem plain = problem(6, options);
        Problem.Run run = new Problem.Run(problem, started("galore", "trp", problem), new Sgd(RATE));
        Problem.Run plainRun = new Problem.Run(plain, started("exact", "trp", plain), new Sgd(RATE));
        for (int i = 0; i < 8; i++) {
            run.step(i / 4);
            plainRun.step(i / 4);
            assertTrue(distance(plain.target.weight(), problem.target.weight()) <= 1e-12, "step " + i);
        }
    }

    /** What the update adds to the mean gradient is projected with it. */
    @Test
    void galoreProjectsTheNuclearTerm() {
        Problem problem = problem(2, "galore.scale", "1", "trp.interval", "1", "trp.nuclear-weight", "5");
        TargetUpdate update = started("galore", "trp", problem);
        INDArray[] projected = problem.gradients(update);
        INDArray q = Objects.requireNonNull(update.kept().state().get("galore.projector"));
        INDArray nuclear = Objects.requireNonNull(update.kept().state().get("nuclear"));
        update.beforeUpdater(projected, new INDArray[] {});
        INDArray expected = problem.gradientOfWeight().addi(nuclear.mul(5)).mmul(q);
        assertTrue(distance(expected, projected[0]) <= 1e-12);
    }

    /** V is W, or what dora takes the directions from; A is another from restart to restart only. */
    @ParameterizedTest
    @ValueSource(strings = {"lora", "dora", "relora"})
    void loraFaTakesTheBestStepOverItsA(String update) {
        Problem problem = restarting();
        TargetUpdate state = started("lora-fa", update, problem);
        Problem.Run run = new Problem.Run(problem, state, new Sgd(RATE));
        for (int i = 0; i < 7; i++) {
            INDArray a = array(state, "A").dup();
            INDArray v = matrix(state, problem);
            INDArray gradient = gradientOfMatrix(state, problem);
            boolean restarts = update.equals("relora") && (i == 2 || i == 5);
            run.step(0);
            INDArray moved = projection(a).mmul(gradient).muli(-RATE);
            assertTrue(distance(v.add(moved), matrix(state, problem)) <= 1e-8, update + ", step " + i);
            assertEquals(restarts, distance(a, array(state, "A")) > 0, "A at step " + i);
        }
        assertEquals(update.equals("dora") ? 2 : 1, state.tensors().size());
    }

    private static Problem restarting() {
        return problem(
                2,
                "relora.total-steps",
                "9",
                "relora.restart",
                "3",
                "relora.first-warmup",
                "0",
                "relora.restart-warmup",
                "0",
                "relora.min-rate",
                "1");
    }

    /** P on the columns of A. */
    private static INDArray projection(INDArray a) {
        INDArray gram = Gram.inverse(Gram.ofColumns(a), 1e-12);
        return a.mmul(gram).mmul(a.transpose());
    }

    private static INDArray array(TargetUpdate state, String name) {
        return Objects.requireNonNull(state.kept().state().get(name));
    }

    private static INDArray matrix(TargetUpdate state, Problem problem) {
        INDArray ratio = state.kept().state().get("ratio");
        return ratio == null
                ? problem.target.weight().dup()
                : problem.target.weight().divRowVector(ratio);
    }

    private static INDArray gradientOfMatrix(TargetUpdate state, Problem problem) {
        INDArray ratio = state.kept().state().get("ratio");
        INDArray gradient = problem.gradientOfWeight();
        return ratio == null ? gradient : gradient.mulRowVector(ratio);
    }

    /** s (A dB + dA B) = G - (I - P_A) G (I - P_B), up to the square of the step. */
    @ParameterizedTest
    @ValueSource(strings = {"lora", "dora", "relora"})
    void loraProMovesAsNearToTheFullGradientAsItCan(String update) {
        Problem problem = restarting();
        TargetUpdate state = started("lora-pro", update, problem);
        Problem.Run fast = new Problem.Run(problem, state, new Sgd(RATE));
        for (int i = 0; i < 4; i++) {
            fast.step(0);
        }
        INDArray v = matrix(state, problem);
        INDArray gradient = gradientOfMatrix(state, problem);
        INDArray outside = gradient.sub(projection(array(state, "A")).mmul(gradient));
        outside.subi(outside.mmul(projection(array(state, "B").transpose())));
        double rate = 1e-9;
        fast.continued(problem, state, new Sgd(rate)).step(0);
        INDArray moved = v.sub(matrix(state, problem)).divi(rate);
        assertTrue(
                distance(gradient.sub(outside), moved)
                        <= 1e-4 * gradient.normmaxNumber().doubleValue(),
                update);
    }

    /** The difference of the two gradients is the second derivative of the loss, and all is put back bit for bit. */
    @ParameterizedTest
    @ValueSource(strings = {"full", "trp", "lora", "relora", "lora-xs", "loldu", "vera", "adalora", "maestro"})
    void adaHessianMovesTheTensorsAndTheWeightWithThem(String update) {
        Problem problem =
                problem(2, "adalora.total-steps", "9", "adahessian.displacement", "1e-3", "maestro.lasso", "0");
        TargetUpdate state = started("adahessian", update, problem);
        Problem.Run run = new Problem.Run(problem, state, new Adam(0.01));
        for (int i = 0; i < 3; i++) {
            run.step(0);
        }
        state.beforeForward(3, 0);
        INDArray weight = problem.target.weight().dup();
        Map<String, INDArray> before = copies(state);
        double loss = problem.loss(problem.target.weight());
        List<Double> losses = new ArrayList<>();
        List<List<INDArray>> tensors = new ArrayList<>();
        List<INDArray[]> gradients = new ArrayList<>();
        Objects.requireNonNull(state.extraPasses()).run(new WatchedPasses(problem.passes()) {
            @Override
            public INDArray[] gradientsOf(TargetUpdate target) {
                losses.add(problem.loss(problem.target.weight()));
                tensors.add(state.tensors().stream()
                        .map(tensor -> Objects.requireNonNull(tensor.value()).dup())
                        .toList());
                INDArray[] there = super.gradientsOf(target);
                INDArray[] copies = new INDArray[there.length];
                for (int i = 0; i < there.length; i++) {
                    copies[i] = there[i].dup();
                }
                gradients.add(copies);
                return there;
            }
        });
        double second = losses.get(0) - 2 * loss + losses.get(1);
        double product = 0;
        for (int i = 0; i < tensors.get(0).size(); i++) {
            INDArray way = tensors.get(0).get(i).sub(tensors.get(1).get(i)).divi(2);
            INDArray rise = gradients.get(0)[i].sub(gradients.get(1)[i]).divi(2);
            product += way.mul(rise).sumNumber().doubleValue();
        }
        assertTrue(Math.abs(second) > 1e-9, "the loss is curved: " + second);
        assertEquals(second, product, 1e-4 * Math.abs(second), "z H z of " + update);
        assertEquals(weight, problem.target.weight());
        before.forEach((name, array) -> assertEquals(array, array(state, name), name));
    }

    private static Map<String, INDArray> copies(TargetUpdate state) {
        Map<String, INDArray> copies = new HashMap<>();
        state.kept().state().forEach((name, array) -> copies.put(name, array.dup()));
        return copies;
    }

    /** The moments point along the old factors, too. */
    @Test
    void aRestartClearsTheMomentsOfAdaHessian() {
        Problem problem = restarting();
        TargetUpdate state = started("adahessian", "relora", problem);
        Problem.Run run = new Problem.Run(problem, state, new Sgd(RATE));
        for (int i = 0; i < 3; i++) {
            run.step(0);
        }
        assertTrue(array(state, "adahessian.B.first").normmaxNumber().doubleValue() > 0);
        state.beforeUpdater(problem.gradients(state), new INDArray[] {null, null});
        assertEquals(0, array(state, "adahessian.B.first").normmaxNumber().doubleValue());
        assertEquals(0, array(state, "adahessian.A.second").normmaxNumber().doubleValue());
    }

    @ParameterizedTest
    @CsvSource({"lora-xs, lora-xs.core-gradient, equivalent", "maestro, maestro.loss, distilled"})
    void optionsWithoutDerivativesAreRefused(String update, String option, String value) {
        Problem problem = problem(2, option, value);
        LowRankException refused = assertThrows(LowRankException.class, () -> started("adahessian", update, problem));
        assertTrue(refused.getMessage().contains("layer0"), refused.getMessage());
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
