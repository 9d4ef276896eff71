package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.SwitchLora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class AdafactorTest {

    private static final Map<String, String> PLAIN = Map.of("adafactor.relative-step", "no", "adafactor.clip", "none");

    /** On the first step nothing is forgotten yet: v = R C / mean(R) of this gradient alone. */
    @ParameterizedTest
    @CsvSource({"7,4", "4,7", "5,5", "6,1", "1,6"})
    void theSecondMomentIsAnOuterProduct(int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 1, 1, PLAIN);
        INDArray gradient = problem.gradientOfWeight();
        INDArray squares = gradient.mul(gradient);
        INDArray moment = squares.mean(true, 1).mmul(squares.mean(true, 0)).div(squares.meanNumber());
        INDArray expected = gradient.div(Transforms.sqrt(moment)).muli(0.1);
        INDArray step = new Problem.Run(problem, adafactor(problem), new Sgd(0.1)).step()[0];
        assertTrue(distance(expected, step) <= 1e-12);
    }

    /** Where the squares have rank 1, nothing is lost: on the first step v is g^2, and u the signs of g. */
    @Test
    void aMomentOfRankOneIsExact() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 1, 1, PLAIN);
        TargetUpdate update = adafactor(problem);
        INDArray gradient = problem.gaussian(DataType.DOUBLE, 6, 1).mmul(problem.gaussian(DataType.DOUBLE, 1, 4));
        INDArray step = gradient.dup('f');
        apply(update, new Sgd(0.1), step, 0);
        assertTrue(distance(Transforms.sign(gradient).muli(0.1), step) <= 1e-12);
    }

    @Test
    void anUpdateIsClippedByItsSize() {
        Problem problem = new Problem(
                DataType.DOUBLE, 6, 4, 1, 1, Map.of("adafactor.relative-step", "no", "adafactor.clip", "0.5"));
        TargetUpdate update = adafactor(problem);
        for (int t = 0; t < 5; t++) {
            INDArray step = problem.gaussian(DataType.DOUBLE, 6, 4).dup('f').muli(t == 3 ? 100 : 1);
            apply(update, new Sgd(0.1), step, t);
            double size = step.norm2Number().doubleValue() / Math.sqrt(24);
            assertTrue(size <= 0.1 * 0.5 * (1 + 1e-12), "step " + t + " is " + size);
        }
    }

    @Test
    void relativeStepsAreInProportionToTheTensor() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 1, 1, Map.of("adafactor.clip", "none"));
        INDArray weight = problem.target.weight();
        TargetUpdate update = adafactor(problem);
        INDArray gradient = problem.gradientOfWeight();
        INDArray first = gradient.dup('f');
        apply(update, new Sgd(123), first, 0);
        weight.muli(3);
        INDArray larger = gradient.dup('f');
        apply(adafactor(problem), new Sgd(456), larger, 0);
        assertTrue(distance(first.mul(3), larger) <= 1e-12, "in proportion to W, whatever the updater's rate");

        weight.assign(0);
        INDArray ofZero = gradient.dup('f');
        apply(adafactor(problem), new Sgd(1), ofZero, 0);
        weight.assign(1e-3);
        INDArray ofSmall = gradient.dup('f');
        apply(adafactor(problem), new Sgd(1), ofSmall, 0);
        assertTrue(distance(ofSmall, ofZero) <= 1e-15, "a tensor of zeros counts as one of size 1e-3");
    }

    @Test
    void aWarmUpStartsSmall() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 1, 1, Map.of("adafactor.relative-step", "warm-up"));
        Problem other = new Problem(DataType.DOUBLE, 6, 4, 1, 1, Map.of());
        INDArray small = problem.gradientOfWeight().dup('f');
        INDArray large = small.dup('f');
        apply(adafactor(problem), new Sgd(1), small, 0);
        apply(adafactor(other), new Sgd(1), large, 0);
        assertTrue(distance(large.mul(1e-4), small) <= 1e-12);
    }

    @Test
    void otherwiseTheScheduleOfTheUserHolds() {
        MapSchedule schedule = new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.1, 1, 0.02));
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 1, 1, PLAIN);
        Problem other = new Problem(DataType.DOUBLE, 6, 4, 1, 1, PLAIN);
        TargetUpdate update = adafactor(problem);
        TargetUpdate constant = adafactor(other);
        for (int t = 0; t < 3; t++) {
            INDArray scheduled = problem.gaussian(DataType.DOUBLE, 6, 4).dup('f');
            INDArray fixed = scheduled.dup('f');
            apply(update, new Sgd(schedule), scheduled, t);
            apply(constant, new Sgd(1), fixed, t);
            assertTrue(distance(fixed.mul(t == 0 ? 0.1 : 0.02), scheduled) <= 1e-12, "step " + t);
        }
    }

    @Test
    void atRateZeroNothingMoves() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 1, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = adafactor(problem);
        new Problem.Run(problem, update, new Adam(0)).step();
        assertEquals(before, problem.target.weight());
        assertEquals(0, update.updater(update.tensors().get(0), new Adam(0)).getLearningRate(0, 0));
    }

    @Test
    void decayIsMultipliedByTheRateThatIsUsed() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 1, 1, Map.of());
        TargetUpdate update = adafactor(problem);
        double size = problem.target.weight().norm2Number().doubleValue() / Math.sqrt(24);
        IUpdater updater = apply(update, new Sgd(5), problem.gradientOfWeight().dup('f'), 0);
        assertEquals(1e-2 * size, updater.getLearningRate(0, 0), 1e-15);
        Problem fixed = new Problem(DataType.DOUBLE, 6, 4, 1, 1, PLAIN);
        IUpdater users =
                apply(adafactor(fixed), new Sgd(5), fixed.gradientOfWeight().dup('f'), 0);
        assertEquals(5, users.getLearningRate(0, 0));
    }

    @Test
    void theStateIsARowAndAColumn() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of());
        Map<String, INDArray> state = adafactor(problem).kept().state();
        assertEquals(6, state.get("adafactor.W.rows").length());
        assertEquals(4, state.get("adafactor.W.columns").length());
        assertEquals(3, state.size(), "and a counter");
        TargetUpdate update = adafactor(problem);
        assertEquals(0, update.updater(update.tensors().get(0), new Adam()).stateSize(24), "Adam's is not needed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "lora", "switchlora"})
    void itLearns(String kind) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 4, 1, Map.of("adafactor.relative-step", "no"));
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, started(kind, problem), new Adam(0.02));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.5 * before, "from " + before + " to " + after);
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "lora"})
    void trainingResumesBitForBit(String kind) {
        Map<String, String> options = Map.of("adafactor.momentum", "0.9");
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, options);
        TargetUpdate update = started(kind, problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        for (int i = 0; i < 6; i++) {
            run.step();
        }
        run.assertResumes(6, copy -> new Adafactor().approximate(kind(kind).attach(copy.target), copy.target));
    }

    @Test
    void itIsSaidOnceThatTheUsersRateIsNotUsed() {
        PrintStream console = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
            adafactor(problem);
            adafactor(problem);
            adafactor(new Problem(DataType.FLOAT, 8, 6, 2, 1, PLAIN));
        } finally {
            System.setErr(console);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        int first = text.indexOf("adafactor.relative-step=no keeps them");
        assertTrue(first > 0, text);
        assertEquals(first, text.lastIndexOf("adafactor.relative-step=no keeps them"), text);
    }

    @ParameterizedTest
    @CsvSource({
        "adafactor.momentum, 1, below 1",
        "adafactor.momentum, -1, above 0",
        "adafactor.clip, 0, above 0",
        "adafactor.decay, none, above 0",
        "adafactor.relative-step, maybe, warm-up"
    })
    void badOptionsAreRefused(String option, String value, String allowed) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of(option, value));
        LowRankException refused = assertThrows(LowRankException.class, () -> adafactor(problem));
        assertTrue(refused.getMessage().contains(option + "="), refused.getMessage());
        assertTrue(refused.getMessage().contains(allowed), refused.getMessage());
    }

    @Test
    void relativeStepsNeedATensor() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
        TargetUpdate galore = new GaLore().approximate(new FullWeight().attach(problem.target), problem.target);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> new Adafactor().approximate(galore, problem.target));
        assertTrue(refused.getMessage().contains("adafactor.relative-step=no"), refused.getMessage());
    }

    private static LowRankUpdate kind(String kind) {
        return switch (kind) {
            case "full" -> new FullWeight();
            case "lora" -> new Lora();
            default -> new SwitchLora();
        };
    }

    private static TargetUpdate started(String kind, Problem problem) {
        TargetUpdate update = new Adafactor().approximate(kind(kind).attach(problem.target), problem.target);
        if (!kind.equals("full")) {
            update.start(problem.factors());
        }
        return update;
    }

    private static TargetUpdate adafactor(Problem problem) {
        TargetWeight target = Problem.again(problem.target);
        return new Adafactor().approximate(new FullWeight().attach(target), target);
    }

    /** Steps of the only tensor. */
    private static IUpdater apply(TargetUpdate update, IUpdater users, INDArray gradient, int iteration) {
        IUpdater updater = update.updater(update.tensors().get(0), users);
        updater.instantiate(Nd4j.empty(DataType.DOUBLE), false)
                .applyUpdater(gradient.reshape('f', new long[] {gradient.length()}), iteration, 0);
        return updater;
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
