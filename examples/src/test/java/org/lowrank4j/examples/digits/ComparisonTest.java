package org.lowrank4j.examples.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {

    @TempDir
    Path directory;

    @Test
    void columnsAreAligned() {
        Table table = new Table("", "accuracy", "n");
        table.row("full", "95.6 %", "669,706");
        table.row("frozen body", "9.5 %", "5");
        assertEquals("""
                              accuracy         n
                --------------------------------
                full            95.6 %   669,706
                frozen body      9.5 %         5
                """, table.format());
        assertThrows(IllegalArgumentException.class, () -> table.row("too", "few"));
    }

    @Test
    void theTableShowsMeanDeviationAndMedians() throws IOException {
        Comparison comparison = comparison();
        List<String> lines = comparison.table().lines().toList();
        assertEquals(4, lines.size());
        String full = lines.get(2);
        assertTrue(full.startsWith("full fine-tuning"), full);
        assertTrue(full.contains("91.0 +- 1.4 %"), full);
        assertTrue(full.contains("669,706") && full.contains("3.00") && full.contains("7.7 MiB"), full);
        // The loss 1 / step never smooths to 0.01 within 40 steps, for LoRA it starts there.
        assertTrue(full.contains("   -   ") && full.endsWith("> 40"), full);
        String lora = lines.get(3);
        assertTrue(lora.contains("20.0 KiB") && lora.contains("12.5 KiB") && lora.endsWith(" 1"), lora);
    }

    @Test
    void numbersAreWrittenAsCsvAndJson() throws IOException {
        Comparison comparison = comparison();
        List<String> runs = Files.readAllLines(comparison.writeRuns());
        assertEquals(5, runs.size());
        assertEquals("full,1,0.001,0.900000,0.500000,2.0000,669706,8036472,0,41", runs.get(1));
        List<String> curves = Files.readAllLines(comparison.writeCurves());
        assertEquals("step,full,full_smoothed,lora,lora_smoothed", curves.get(0));
        assertEquals("1,1.000000,1.000000,0.001000,0.001000", curves.get(1));
        assertEquals(41, curves.size());
        String json = Files.readString(comparison.writeJson());
        assertTrue(json.contains("\"agentArguments\": \"init=kaiming,rank=4,alpha=8\""), json);
        assertTrue(json.contains("\"losses\": [1.0, 0.5, "), json);
    }

    @Test
    void theAgentsReportIsRead() throws IOException {
        AgentReport report = AgentReport.parse(
                List.of(
                        "lowrank4j: trainable params: 1 || all params: 2 || trainable%: 50.0000",
                        "lowrank4j: trainable params: 23,690 || all params: 688,266 || trainable%: 3.4420",
                        "lowrank4j: memory of training: gradient 92.5 KiB (stock 2.6 MiB), updater state 512 B (stock 5.1 MiB)"));
        assertEquals(new AgentReport(23_690, 94_720 + 512), report);
        IOException silent = assertThrows(IOException.class, () -> AgentReport.parse(List.of("something else")));
        assertTrue(silent.getMessage().contains("something else"), silent.getMessage());
    }

    @Test
    void aMissingAgentIsNamedWithTheWayOut() {
        Path jar = directory.resolve("absent.jar");
        Arguments arguments = Settings.options().parse("--agent", jar.toString(), "--data", "drawn");
        IOException failure = assertThrows(IOException.class, () -> Settings.of(arguments));
        assertTrue(failure.getMessage().contains(jar.toString()), failure.getMessage());
        assertTrue(failure.getMessage().contains("--arms full,head"), failure.getMessage());
    }

    private Comparison comparison() throws IOException {
        Path agent = Files.writeString(directory.resolve("agent.jar"), "");
        Comparison comparison = new Comparison(Settings.of(Settings.options()
                .parse(
                        "--data=drawn",
                        "--out=" + directory,
                        "--arms=full,lora",
                        "--seeds=2",
                        "--steps=40",
                        "--rank=4",
                        "--loss=0.01",
                        "--agent=" + agent)));
        double[] falling = new double[40];
        double[] low = new double[40];
        for (int i = 0; i < 40; i++) {
            falling[i] = 1.0 / (i + 1);
            low[i] = 0.001 * (i + 1);
        }
        comparison.add(new Run(Arm.FULL, 1, 0.90, 0.5, 2, 669_706, 8_036_472, 0, falling));
        comparison.add(new Run(Arm.LORA, 1, 0.88, 0.6, 1, 23_690, 20_480, 12_800, low));
        comparison.add(new Run(Arm.FULL, 2, 0.92, 0.4, 4, 669_706, 8_036_472, 0, falling));
        comparison.add(new Run(Arm.LORA, 2, 0.89, 0.7, 1, 23_690, 20_480, 12_800, low));
        return comparison;
    }
}
