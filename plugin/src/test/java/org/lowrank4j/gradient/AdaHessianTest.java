package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.SharedArrays;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Dora;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.RandomSubspace;
import org.lowrank4j.update.SwitchLora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;

class AdaHessianTest {

    private static final Map<String, String> NEWTON =
            Map.of("adahessian.beta1", "0", "adahessian.beta2", "0", "adahessian.epsilon", "1e-30");

    /** Where the Hessian is diagonal, |H z| is its diagonal for any z: without moments, a step of rate 1 is Newton's. */
    @Test
    void aDiagonalQuadraticIsSolvedInOneStep() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 1, 1, NEWTON);
        problem.x.assign(0);
        for (int i = 0; i < 6; i++) {
            problem.x.putScalar(i, i, 0.3 + i);
        }
        double before = problem.gradientOfWeight().norm2Number().doubleValue();
        new Problem.Run(problem, started("full", problem), new Sgd(1)).step();
        double after = problem.gradientOfWeight().norm2Number().doubleValue();
        assertTrue(after <= 1e-8 * before, "the gradient fell from " + before + " to " + after + " only");
    }

    /** Here H is x^T x for every column of W, and the differences of a linear gradient are exact. */
    @ParameterizedTest
    @CsvSource({"DOUBLE, 1e-9", "FLOAT, 1e-3"})
    void theProductIsThatOfTheHessian(DataType type, double tolerance) {
        Problem problem = new Problem(type, 6, 4, 1, 1, NEWTON);
        INDArray gradient = problem.gradientOfWeight();
        INDArray step = new Problem.Run(problem, started("full", problem), new Sgd(1)).step()[0];
        INDArray h = gradient.div(step);
        INDArray z = signs(problem, 0).get(0);
        INDArray expected = problem.x.transpose().mmul(problem.x).mmul(z);
        assertTrue(distance(expected.mul(expected), h.mul(h))
                <= tolerance * expected.mul(expected).normmaxNumber().doubleValue());
    }

    /** The directions of a fresh target at one step, by what its tensors are while the passes run. */
    private static List<INDArray> signs(Problem problem, int steps) {
        TargetUpdate update = started("full", problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0));
        for (int i = 0; i < steps; i++) {
            run.step();
        }
        List<INDArray> seen = seen(problem, update, 0);
        INDArray twice = seen.get(0).sub(seen.get(1));
        return List.of(twice.div(twice.normmaxNumber().doubleValue()));
    }

    /** Copies of one of W, A and B, in that order, during each pass. */
    private static List<INDArray> seen(Problem problem, TargetUpdate update, int which) {
        List<INDArray> seen = new ArrayList<>();
        update.extraPasses().run(new WatchedPasses(problem.passes()) {
            @Override
            public boolean gradients() {
                INDArray tensor = which == 0
                        ? problem.target.weight()
                        : update.tensors().get(which - 1).value();
                seen.add(tensor.dup('f'));
                return super.gradients();
            }
        });
        return seen;
    }

    @Test
    void directionsAreSignsAndNewInEveryStep() {
        Problem problem = new Problem(DataType.DOUBLE, 20, 30, 1, 1, Map.of());
        INDArray first = signs(problem, 0).get(0);
        INDArray second = signs(problem, 1).get(0);
        assertTrue(distance(first.mul(first), Nd4j.onesLike(first)) <= 1e-9, "signs");
        assertTrue(Math.abs(first.meanNumber().doubleValue()) < 0.2, "as many of either");
        assertTrue(Math.abs(first.mul(second).meanNumber().doubleValue()) < 0.2, "independent");
        assertTrue(distance(first, signs(problem, 0).get(0)) <= 1e-9, "the same again for the same step");
    }

    @Test
    void theWeightMovesWithTheFactors() {
        Problem problem = new Problem(DataType.DOUBLE, 7, 5, 2, 1.5, Map.of("adahessian.displacement", "0.5"));
        TargetUpdate update = started("lora", problem);
        INDArray w = problem.target.weight().dup('f');
        INDArray product = product(update);
        List<INDArray> weights = seen(problem, update, 0);
        List<INDArray> as = seen(problem, update, 1);
        List<INDArray> bs = seen(problem, update, 2);
        assertEquals(2, weights.size());
        for (int i = 0; i < 2; i++) {
            INDArray expected = w.add(as.get(i).mmul(bs.get(i)).subi(product).muli(1.5));
            assertTrue(distance(expected, weights.get(i)) <= 1e-12, "pass " + i);
            assertTrue(distance(w, weights.get(i)) > 0.1, "pass " + i);
        }
    }

    private static INDArray product(TargetUpdate lora) {
        return lora.tensors().get(0).value().mmul(lora.tensors().get(1).value());
    }

    @ParameterizedTest
    @CsvSource({"full, 1", "full, 2", "lora, 1", "lora, 2", "full, 3", "lora, 3"})
    void everythingIsPutBackWhateverAPassDoes(String kind, int failing) {
        Problem problem = new Problem(DataType.FLOAT, 7, 5, 2, 1, Map.of());
        TargetUpdate update = started(kind, problem);
        Map<String, INDArray> before = snapshot(problem, update);
        int[] passes = {0};
        ExtraPasses.Passes broken = new WatchedPasses(problem.passes()) {
            @Override
            public boolean gradients() {
                if (++passes[0] == failing) {
                    throw new IllegalStateException("this pass fails");
                }
                return super.gradients();
            }
        };
        if (failing <= 2) {
            assertThrows(IllegalStateException.class, () -> update.extraPasses().run(broken));
        } else {
            update.extraPasses().run(broken);
        }
        assertEquals(Math.min(failing, 2), passes[0]);
        snapshot(problem, update).forEach((name, after) -> assertSameBits(before.get(name), after, name));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void afterAPassThatIsNotFiniteThereIsNoOther(int failing) {
        Problem problem = new Problem(DataType.FLOAT, 7, 5, 2, 1, Map.of());
        TargetUpdate update = started("full", problem);
        INDArray before = problem.target.weight().dup();
        int[] passes = {0};
        update.extraPasses().run(new WatchedPasses(problem.passes()) {
            @Override
            public boolean gradients() {
                super.gradients();
                return ++passes[0] != failing;
            }
        });
        assertEquals(failing, passes[0]);
        assertSameBits(before, problem.target.weight(), "W");
    }

    private static Map<String, INDArray> snapshot(Problem problem, TargetUpdate update) {
        Map<String, INDArray> copies = new HashMap<>();
        copies.put("weight", problem.target.weight().dup());
        update.kept().state().forEach((name, array) -> copies.put(name, array.dup()));
        return copies;
    }

    private static void assertSameBits(INDArray expected, INDArray actual, String what) {
        assertArrayEquals(
                expected.dup('f').data().asDouble(), actual.dup('f').data().asDouble(), what);
    }

    /** l2 adds its coefficient to the Hessian's diagonal, l1 nothing. */
    @Test
    void theHessianIsThatOfTheLossWithItsL2Term() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 1, 1, NEWTON);
        TargetUpdate update = started("full", problem);
        INDArray z = signs(problem, 0).get(0);
        INDArray product = problem.x.transpose().mmul(problem.x).mmul(z).addi(z.mul(0.7));
        INDArray gradient =
                problem.gradientOfWeight().addi(problem.target.weight().mul(0.7));
        update.extraPasses().run(problem.passes());
        INDArray[] gradients = problem.gradients(update);
        double[] rates = {1};
        update.regularise(new L2Regularization(0.7), gradients, rates, 0, 0);
        INDArray withL2 = gradients[0].dup();
        update.regularise(new L1Regularization(0.2), gradients, rates, 0, 0);
        assertTrue(distance(gradient, withL2) <= 1e-12);
        INDArray ofGradient = gradients[0].dup();
        update.updater(update.tensors().get(0), new Sgd(1))
                .instantiate(Nd4j.empty(DataType.DOUBLE), false)
                .applyUpdater(gradients[0].reshape('f', new long[] {24}), 0, 0);
        INDArray h = ofGradient.div(gradients[0]);
        assertTrue(distance(product.mul(product), h.mul(h))
                <= 1e-8 * product.mul(product).normmaxNumber().doubleValue());
    }

    /** Two channels of two places each, and one filter; in a kernel of one side the channels are next to each other. */
    @ParameterizedTest
    @CsvSource({
        "'', f, '1 2 3 5'",
        "2x1, f, '1.5 1.5 4 4'",
        "2x1, c, '1.5 1.5 4 4'",
        "2, f, '2 3.5 2 3.5'",
        "2, c, '2 3.5 2 3.5'"
    })
    void aChannelOfAFilterHasOneMagnitude(String kernel, char order, String magnitudes) {
        List<Long> sides = kernel.isEmpty()
                ? List.of()
                : Arrays.stream(kernel.split("x")).map(Long::valueOf).toList();
        CurvatureMoments moments = new CurvatureMoments(
                new Kept("test", DataType.DOUBLE),
                new long[] {4, 2},
                order,
                sides,
                new AdaHessian.Settings(0, 0, 1, 1));
        INDArray product = Nd4j.createFromArray(new double[][] {{1, 7}, {-2, 7}, {3, -7}, {-5, 7}})
                .dup(order);
        INDArray h = moments.magnitude(product);
        double[] expected = Arrays.stream(magnitudes.split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
        assertArrayEquals(expected, h.getColumn(0).dup().data().asDouble());
        assertArrayEquals(new double[] {7, 7, 7, 7}, h.getColumn(1).dup().data().asDouble());
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "lora"})
    void atRateZeroNothingMoves(String kind) {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        Problem.Run run = new Problem.Run(problem, started(kind, problem), new Adam(0));
        for (int i = 0; i < 3; i++) {
            run.step();
        }
        assertSameBits(before, problem.target.weight(), "W");
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "lora"})
    void itLearns(String kind) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 4, 1, Map.of());
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, started(kind, problem), new Sgd(0.15));
        for (int i = 0; i < 100; i++) {
            run.step();
        }
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.5 * before, "from " + before + " to " + after);
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "lora"})
    void trainingResumesBitForBit(String kind) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
        TargetUpdate update = started(kind, problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        for (int i = 0; i < 6; i++) {
            run.step();
        }
        run.assertResumes(6, copy -> new AdaHessian().approximate(kind(kind).attach(copy.target), copy.target));
    }

    @Test
    void theStateIsTwoMomentsAndACounter() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of());
        TargetUpdate update = started("full", problem);
        Map<String, INDArray> state = update.kept().state();
        assertEquals(24, state.get("adahessian.W.first").length());
        assertEquals(24, state.get("adahessian.W.second").length());
        assertEquals(1, state.get("adahessian.W.step").length());
        assertEquals(3, state.size());
        assertEquals(0, update.updater(update.tensors().get(0), new Adam()).stateSize(24), "Adam's is not needed");
    }

    /** Two layers with one of each kind of update: one object runs their passes, and it speaks once. */
    @Test
    void layersMoveTogetherAndItIsSaidOnce() {
        PrintStream console = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            Map<Class<?>, Object> parts = new HashMap<>();
            TargetUpdate full = ofNetwork(new FullWeight(), parts, "auto");
            TargetUpdate lora = ofNetwork(new Lora(), parts, "auto");
            assertSame(full.extraPasses(), lora.extraPasses());
            String message = assertThrows(LowRankException.class, () -> ofNetwork(new Lora(), parts, "0.5"))
                    .getMessage();
            assertTrue(message.contains("0.01") && message.contains("0.5"), message);
        } finally {
            System.setErr(console);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        int first = text.indexOf("twice more");
        assertTrue(first > 0, text);
        assertEquals(first, text.lastIndexOf("twice more"), text);
    }

    private static TargetUpdate ofNetwork(LowRankUpdate update, Map<Class<?>, Object> parts, String displacement) {
        TargetWeight target = Given.target(
                "layer0",
                Nd4j.rand(DataType.FLOAT, 5, 4).dup('f'),
                2,
                2,
                1,
                3,
                Map.of("adahessian.displacement", displacement),
                new SharedArrays(1, 5, 4, parts));
        return new AdaHessian().approximate(update.attach(target), target);
    }

    @ParameterizedTest
    @CsvSource({
        "adahessian.beta1, 1, below 1",
        "adahessian.beta2, -1, from 0 to below 1",
        "adahessian.epsilon, 0, above 0",
        "adahessian.power, 2, from 0.0 to 1.0",
        "adahessian.displacement, 0, above 0",
        "adahessian.displacement, often, above 0"
    })
    void badOptionsAreRefused(String option, String value, String allowed) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of(option, value));
        LowRankException refused = assertThrows(LowRankException.class, () -> started("full", problem));
        assertTrue(refused.getMessage().contains(option + "="), refused.getMessage());
        assertTrue(refused.getMessage().contains(allowed), refused.getMessage());
    }

    @Test
    void updatesWithoutDerivativesAreRefused() {
        for (LowRankUpdate update : List.of(new Dora(), new SwitchLora(), new RandomSubspace())) {
            assertTrue(new AdaHessian().refusal(update).isPresent(), update.name());
        }
    }

    private static LowRankUpdate kind(String kind) {
        return kind.equals("full") ? new FullWeight() : new Lora();
    }

    private static TargetUpdate started(String kind, Problem problem) {
        TargetWeight target = Problem.again(problem.target);
        TargetUpdate update = new AdaHessian().approximate(kind(kind).attach(target), target);
        if (!kind.equals("full")) {
            update.start(problem.factors());
        }
        return update;
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
