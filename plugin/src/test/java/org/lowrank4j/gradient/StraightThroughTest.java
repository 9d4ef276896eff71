package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.initialisation.Kaiming;
import org.lowrank4j.initialisation.LoraXsStart;
import org.lowrank4j.initialisation.Pissa;
import org.lowrank4j.quantisation.NormalCells;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.LoraXs;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.StartedUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.L2Regularization;

class StraightThroughTest {

    static List<LowRankUpdate> updates() {
        return Methods.load().updates().stream()
                .filter(update -> !update.factors().isEmpty())
                .toList();
    }

    private static TargetUpdate started(Problem problem, LowRankUpdate update, int bits) {
        TargetUpdate state = attached(problem, update, bits);
        if (update instanceof StartedUpdate) {
            problem.start(state, update instanceof LoraXs ? new LoraXsStart() : new Kaiming());
        } else {
            state.start();
        }
        return state;
    }

    private static TargetUpdate attached(Problem problem, LowRankUpdate update, int bits) {
        return StraightThrough.around(update.attach(problem.target), bits, update.factors());
    }

    private static INDArray kept(TargetUpdate update, String name) {
        return Objects.requireNonNull(update.kept().state().get(name), name);
    }

    private static int values(INDArray array) {
        Set<Double> found = new TreeSet<>();
        for (double entry : array.dup('c').data().asDouble()) {
            found.add(entry);
        }
        return found.size();
    }

    @Test
    void theUpdatesThatHaveFactorsForIt() {
        assertEquals(
                List.of("dora", "kasa", "loha", "lokr", "lora", "lora-xs", "mica"),
                updates().stream().map(LowRankUpdate::name).toList());
    }

    @ParameterizedTest
    @MethodSource("updates")
    void learnsWithFewNumbersAndGoesOnBitForBit(LowRankUpdate update) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            for (int bits : new int[] {1, 2, 3, 8}) {
                Problem problem = new Problem(type, 12, 10, 3, 1.5, Map.of());
                INDArray before = problem.target.weight().dup();
                TargetUpdate state = started(problem, update, bits);
                if (!state.startMovesWeight()) {
                    assertEquals(before, problem.target.weight(), "the start moves nothing");
                }
                double first = problem.loss(problem.target.weight());
                Problem.Run run = new Problem.Run(problem, state, new Adam(0.01));
                for (int i = 0; i < 40; i++) {
                    run.step(0);
                }
                double last = problem.loss(problem.target.weight());
                assertTrue(last < 0.97 * first, () -> bits + " bits: from " + first + " to " + last);
                int factors = 0;
                for (String name : state.kept().state().keySet()) {
                    if (update.factors().contains(name)) {
                        factors++;
                        int numbers = values(kept(state, name));
                        assertTrue(numbers <= 1 << bits, () -> name + " holds " + numbers + " numbers");
                        assertNotEquals(kept(state, "bits." + name), kept(state, name));
                    }
                }
                assertTrue(factors > 0);
                run.assertResumes(3, other -> attached(other, update, bits));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("updates")
    void aStepOfZeroMovesNothing(LowRankUpdate update) {
        Problem problem = new Problem(DataType.FLOAT, 12, 10, 3, 1.5, Map.of());
        TargetUpdate state = started(problem, update, 2);
        new Problem.Run(problem, state, new Adam(0.01)).step(0);
        INDArray weight = problem.target.weight().dup();
        INDArray[] steps = problem.views(state);
        for (INDArray step : steps) {
            step.assign(0);
        }
        state.beforeForward(1, 0);
        state.step(steps);
        assertEquals(weight, problem.target.weight());
    }

    /** A start that takes a part of W: it takes the part that the few numbers can hold. */
    @Test
    void wIsOneWithTheFactorsThatAreUsed() {
        Problem problem = new Problem(DataType.DOUBLE, 12, 10, 3, 2, Map.of());
        INDArray before = problem.target.weight().dup();
        TargetUpdate state = attached(problem, new Lora(), 2);
        problem.start(state, new Pissa());
        assertTrue(before.equalsWithEps(problem.target.weight(), 1e-12), "the start moves nothing");
        INDArray base = before.sub(kept(state, "A").mmul(kept(state, "B")).mul(2));
        Problem.Run run = new Problem.Run(problem, state, new Adam(0.01), new L2Regularization(0.01));
        for (int i = 0; i < 30; i++) {
            run.step(0);
        }
        INDArray now = base.add(kept(state, "A").mmul(kept(state, "B")).mul(2));
        assertTrue(now.equalsWithEps(problem.target.weight(), 1e-12), "W = base + s A B");
        assertTrue(before.sub(now).amaxNumber().doubleValue() > 1e-3);
    }

    /** Of a smooth quantiser the formula is the derivative: with codes that are taken for constant, F to Q is smooth. */
    @Test
    void theGradientIsTheDerivativeWithTheRoundingTakenForTheIdentity() {
        Problem problem = new Problem(DataType.DOUBLE, 7, 5, 2, 1, Map.of());
        INDArray factor = problem.gaussian(DataType.DOUBLE, 7, 2).dup('f').addi(0.3);
        INDArray used = factor.dup('f');
        QuantisedFactor quantised = new QuantisedFactor(NormalCells.of(2), factor, used);
        quantised.start();
        INDArray of = problem.gaussian(DataType.DOUBLE, 7, 2).dup('f');
        INDArray gradient = of.dup('f');
        quantised.gradient(gradient);
        INDArray rounding = used.sub(mean(factor)).div(deviation(factor)).sub(normal(factor));
        double small = 1e-6;
        for (long i = 0; i < factor.length(); i++) {
            double slope =
                    (value(factor, i, small, rounding, of) - value(factor, i, -small, rounding, of)) / (2 * small);
            assertEquals(slope, gradient.reshape('f', 1, 14).getDouble(i), 1e-7);
        }
    }

    private static double mean(INDArray factor) {
        return factor.meanNumber().doubleValue();
    }

    private static double deviation(INDArray factor) {
        return factor.stdNumber().doubleValue();
    }

    private static INDArray normal(INDArray factor) {
        return factor.sub(mean(factor)).div(deviation(factor) + 1e-5);
    }

    private static double value(INDArray factor, long entry, double by, INDArray rounding, INDArray gradient) {
        INDArray moved = factor.dup('f');
        INDArray flat = moved.reshape('f', 1, moved.length());
        flat.putScalar(entry, flat.getDouble(entry) + by);
        INDArray used = normal(moved).add(rounding).mul(deviation(moved)).add(mean(moved));
        return used.mul(gradient).sumNumber().doubleValue();
    }

    @Test
    void aFactorOfZerosTrainsAsInFullPrecision() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 2, 1, Map.of());
        TargetUpdate state = started(problem, new Lora(), 1);
        INDArray[] gradients = problem.gradients(state);
        INDArray a = kept(state, "A");
        INDArray expected = a.transpose().mmul(problem.gradientOfWeight());
        assertTrue(expected.equalsWithEps(gradients[1], 1e-12));
        assertEquals(0, gradients[0].amaxNumber().doubleValue());
    }

    @Test
    void approximationsSeeWhatTrainsAndWhatIsUsed() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of());
        for (GradientApproximation approximation : Methods.load().gradients()) {
            if (approximation.refusal(new Lora()).isPresent()
                    || Set.of("adahessian", "mfac").contains(approximation.name())) {
                continue;
            }
            Problem own = new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of("lora-rite.skip", "100"));
            TargetUpdate inner = attached(own, new Lora(), 2);
            TargetUpdate state = approximation.approximate(inner, own.target);
            own.start(state, new Kaiming());
            Problem.Run run = new Problem.Run(own, state, new Adam(0.01));
            for (int i = 0; i < 5; i++) {
                run.step(0);
            }
            assertTrue(values(kept(state, "B")) <= 4, approximation.name());
            assertNotEquals(problem.target.weight(), own.target.weight(), approximation.name());
        }
    }

    @Test
    void hasNoCurvature() {
        assertTrue(attached(new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of()), new Lora(), 2)
                .curvatureRefusal()
                .isPresent());
    }
}
