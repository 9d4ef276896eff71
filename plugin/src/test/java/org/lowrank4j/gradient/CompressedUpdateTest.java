package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

class CompressedUpdateTest {

    private static final Map<String, String> OPTIONS = Map.of(
            "powersgd.start", "2",
            "powersgd.least-ratio", "0.1",
            "econtrol.keep", "0.25",
            "econtrol.eta", "0.05");

    @ParameterizedTest
    @CsvSource({"powersgd,full", "powersgd,lora", "powersgd,switchlora", "econtrol,full", "econtrol,lora"})
    void itLearnsWithEveryUpdate(String gradient, String update) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 5, 1, OPTIONS);
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, started(gradient, update, problem), new Adam(0.02));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.5 * before, "from " + before + " to " + after);
    }

    @ParameterizedTest
    @CsvSource({"powersgd,full", "powersgd,lora", "econtrol,full", "econtrol,lora"})
    void trainingResumesBitForBit(String gradient, String update) {
        Problem problem = problem(DataType.FLOAT);
        TargetUpdate compressed = started(gradient, update, problem);
        Problem.Run run = new Problem.Run(problem, compressed, new Adam(0.01));
        for (int i = 0; i < 6; i++) {
            run.step();
        }
        run.assertResumes(6, copy -> attached(gradient, update, copy));
    }

    @Test
    void theBytesThatAWorkerWouldSendAreCounted() {
        Problem problem = problem(DataType.FLOAT);
        TargetUpdate powersgd = started("powersgd", "full", problem);
        Problem.Run run = new Problem.Run(problem, powersgd, new Sgd(0.001));
        for (int i = 0; i < 5; i++) {
            run.step();
        }
        long whole = 8 * 6 * Float.BYTES;
        long compressed = 2 * (8 + 6) * Float.BYTES;
        assertTraffic(
                2 * whole + 3 * compressed, 5 * whole, powersgd.kept().state().get("powersgd.traffic"));

        TargetUpdate econtrol = started("econtrol", "full", problem);
        Problem.Run other = new Problem.Run(problem, econtrol, new Sgd(0.001));
        for (int i = 0; i < 5; i++) {
            other.step();
        }
        assertTraffic(
                whole + 4 * 12 * (Float.BYTES + Integer.BYTES),
                5 * whole,
                econtrol.kept().state().get("econtrol.traffic"));
    }

    private static void assertTraffic(long sent, long uncompressed, INDArray traffic) {
        assertEquals(sent, traffic.getLong(0), "sent");
        assertEquals(uncompressed, traffic.getLong(1), "uncompressed");
    }

    @Test
    void withSgdTheSumOfStepsAndErrorIsTheSumOfGradients() {
        Problem problem = problem(DataType.DOUBLE);
        TargetUpdate update = started("powersgd", "full", problem);
        INDArray before = problem.target.weight().dup();
        INDArray sum = before.mul(0);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        for (int i = 0; i < 6; i++) {
            sum.addi(problem.gradientOfWeight());
            run.step();
        }
        INDArray applied = before.sub(problem.target.weight()).div(0.01);
        INDArray error = update.kept().state().get("powersgd.W.error");
        assertTrue(error.normmaxNumber().doubleValue() > 1e-3, "something was left out");
        assertTrue(sum.sub(applied).sub(error).normmaxNumber().doubleValue() <= 1e-10);
    }

    @Test
    void theRankIsTheRulesForTheWholeWeightOnly() {
        Problem problem = problem(DataType.FLOAT);
        assertEquals(
                2,
                started("powersgd", "full", problem)
                        .kept()
                        .state()
                        .get("powersgd.W.query")
                        .size(1));
        assertEquals(
                1,
                started("powersgd", "lora", problem)
                        .kept()
                        .state()
                        .get("powersgd.A.query")
                        .size(1));
        Map<String, String> three = new HashMap<>(OPTIONS);
        three.put("powersgd.rank", "3");
        Problem other = new Problem(DataType.FLOAT, 8, 6, 2, 1, three);
        assertEquals(
                3,
                started("powersgd", "full", other)
                        .kept()
                        .state()
                        .get("powersgd.W.query")
                        .size(1));
        assertEquals(
                2,
                started("powersgd", "lora", other)
                        .kept()
                        .state()
                        .get("powersgd.A.query")
                        .size(1),
                "A has 2 columns");
    }

    @Test
    void thatOneWorkerSavesNothingIsSaidOnceForANetwork() {
        PrintStream console = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            Problem problem = problem(DataType.FLOAT);
            attached("powersgd", "full", problem);
            attached("powersgd", "full", problem);
        } finally {
            System.setErr(console);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        assertEquals(text.indexOf("one worker"), text.lastIndexOf("one worker"), text);
        assertTrue(text.contains("gradient=powersgd") && text.contains("nothing is saved"), text);
    }

    @ParameterizedTest
    @CsvSource({
        "powersgd, powersgd.rank, 0, above 0",
        "powersgd, powersgd.rank, rules, whole number",
        "powersgd, powersgd.start, -1, 0 or more",
        "powersgd, powersgd.least-ratio, 0, above 0",
        "econtrol, econtrol.keep, 1.5, at most 1",
        "econtrol, econtrol.keep, 0, above 0",
        "econtrol, econtrol.eta, 1, diverges",
        "econtrol, econtrol.first-estimate, none, zero"
    })
    void badOptionsAreRefused(String gradient, String option, String value, String allowed) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of(option, value));
        LowRankException refused = assertThrows(LowRankException.class, () -> attached(gradient, "full", problem));
        assertTrue(refused.getMessage().contains(option + "="), refused.getMessage());
        assertTrue(refused.getMessage().contains(allowed), refused.getMessage());
    }

    @Test
    void theStateOfAnotherMethodIsRefused() {
        Problem problem = problem(DataType.FLOAT);
        Map<String, INDArray> econtrol =
                started("econtrol", "full", problem).kept().state();
        TargetUpdate powersgd = started("powersgd", "full", problem);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> powersgd.kept().restore(econtrol));
        assertTrue(refused.getMessage().contains("econtrol"), refused.getMessage());
    }

    private static Problem problem(DataType type) {
        return new Problem(type, 8, 6, 2, 1, OPTIONS);
    }

    private static TargetUpdate attached(String gradient, String update, Problem problem) {
        GradientApproximation compressor = gradient.equals("powersgd") ? new PowerSgd() : new EControl();
        LowRankUpdate chosen = switch (update) {
            case "full" -> new FullWeight();
            case "lora" -> new Lora();
            default -> new SwitchLora();
        };
        TargetWeight target = Problem.again(problem.target);
        return compressor.approximate(chosen.attach(target), target);
    }

    private static TargetUpdate started(String gradient, String update, Problem problem) {
        TargetUpdate attached = attached(gradient, update, problem);
        if (!update.equals("full")) {
            attached.start(problem.factors());
        }
        return attached;
    }
}
