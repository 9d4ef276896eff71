package org.lowrank4j.tests.pages.starts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasurementTest {

    private static Measurement run(Task task, int seed) {
        return new Measurement(task, 3e-3, seed, 0.125, 0.9625, Double.NaN, 269_322, 12.5, new double[] {1, 0.5, 0});
    }

    @Test
    void aLineHoldsEverything() {
        Measurement run = run(Task.SHIFTED_DOMAIN, 2);
        Measurement read = Measurement.parse(run.line());
        assertEquals(run.line(), read.line());
        assertEquals(Task.SHIFTED_DOMAIN, read.task());
        assertEquals(3e-3, read.rate());
        assertTrue(Double.isNaN(read.kept()));
        assertArrayEquals(run.losses(), read.losses());
    }

    @Test
    void stepsAreCountedOnTheRunningMean() {
        Measurement run = run(Task.OTHER_DIGITS, 1);
        // Running means 1, (0.09 + 0.05) / 0.19 and (0.081 + 0.045) / 0.271.
        assertEquals(0.14 / 0.19, run.lossAfter(2), 1e-12);
        assertEquals(2, run.stepsTo(0.74));
        assertEquals(3, run.stepsTo(0.5));
        assertEquals(4, run.stepsTo(0.4));
    }

    @Test
    void theAgentsReportsAreMatchedWithTheRuns(@TempDir Path directory) throws IOException {
        Path file = Files.write(
                directory.resolve("runs.csv"),
                List.of(
                        run(Task.OTHER_DIGITS, RateGrid.TUNING_SEED).line(),
                        run(Task.OTHER_DIGITS, 1).line()));
        String memory =
                "lowrank4j: memory of training: gradient 58.5 KiB (stock 1 MiB), updater state 512 B (stock 2 MiB)";
        List<String> errors = List.of(
                "lowrank4j: trainable params: 14,986 || all params: 2 || trainable%: 1",
                memory,
                "something else",
                "lowrank4j: trainable params: 14,000 || all params: 2 || trainable%: 1",
                memory);
        StartArm agent = Arms.of(Arms.KAIMING).get(0);
        ArmResult result = ArmResult.collect(agent, file, errors);
        assertArrayEquals(new double[] {14_000}, result.values(Task.OTHER_DIGITS, Metric.TRAINED));
        assertEquals(14_986, result.runs().get(0).trained());
        IOException silent =
                assertThrows(IOException.class, () -> ArmResult.collect(agent, file, errors.subList(0, 3)));
        assertTrue(silent.getMessage().contains("reported on 1 networks"), silent.getMessage());

        ArmResult stock = ArmResult.collect(Arms.of(Arms.FULL).get(0), file, List.of());
        assertArrayEquals(new double[] {269_322}, stock.values(Task.OTHER_DIGITS, Metric.TRAINED));
    }
}
