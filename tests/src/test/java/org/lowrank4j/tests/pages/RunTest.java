package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import digits.AgentReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.shade.jackson.core.type.TypeReference;

class RunTest {

    private static Run run(int seed) {
        double[] losses = {1, 0.5, 0};
        double[] seconds = {0.1, 0.2, 0.3};
        return new Run(3e-3, seed, 0.125, 0.9, 0.9625, Double.NaN, 269_322, 12, 34, 12.5, losses, seconds);
    }

    @Test
    void aFileKeepsEverything(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("runs.json");
        Json.write(file, List.of(List.of(run(2))));
        Run read =
                Json.read(file, new TypeReference<List<List<Run>>>() {}).get(0).get(0);
        assertEquals(
                run(2).toString().replaceAll("\\[D@\\w+", ""), read.toString().replaceAll("\\[D@\\w+", ""));
        assertArrayEquals(run(2).losses(), read.losses());
        assertArrayEquals(run(2).seconds(), read.seconds());
    }

    @Test
    void stepsAreCountedOnTheRunningMean() {
        // Running means 1, (0.09 + 0.05) / 0.19 and (0.081 + 0.045) / 0.271.
        assertEquals(0.14 / 0.19, run(1).lossAfter(2), 1e-12);
        assertEquals(2, run(1).stepsTo(0.74));
        assertEquals(3, run(1).stepsTo(0.5));
        assertEquals(4, run(1).stepsTo(0.4));
        assertEquals(2, run(1).stepsWithin(0.25));
    }

    @Test
    void theAgentsReportsAreMatchedWithTheRuns() throws IOException {
        String memory =
                "lowrank4j: memory of training: gradient 58.5 KiB (stock 1 MiB), updater state 512 B (stock 2 MiB)";
        List<AgentReport> reports = AgentReport.all(List.of(
                "lowrank4j: trainable params: 14,986 || all params: 2 || trainable%: 1",
                memory,
                "something else",
                "lowrank4j: trainable params: 14,000 || all params: 2 || trainable%: 1",
                memory));
        Arm arm = new Arm("LoRA", Optimiser.ADAM, RateGrid.of(3e-3), "rank=8", "");
        List<List<Run>> all = List.of(List.of(run(1)), List.of(run(1)));
        List<List<Run>> reported = Trials.asReported(arm, all, reports);
        assertEquals(14_986, reported.get(0).get(0).trained());
        assertEquals(14_000, reported.get(1).get(0).trained());
        assertEquals(59_904 + 512, reported.get(0).get(0).stateBytes());
        IOException silent = assertThrows(IOException.class, () -> Trials.asReported(arm, all, reports.subList(0, 1)));
        assertTrue(silent.getMessage().contains("reported on 1 networks"), silent.getMessage());
    }
}
