package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeedPageTest {

    @TempDir
    private Path folder;

    @Test
    void saysHowAndOnWhatItWasMeasured() throws IOException {
        Findings findings = new Findings();
        findings.add(
                Finding.of("step", "mln", "lora / stock", "", Spread.of(0.3)).within(0.33));
        findings.add(Finding.of("soak", "mln", "threads, growth", "count", Spread.of(0))
                .within(0.5));
        String opening = SpeedPage.opening(settings("step,soak"), machine(0.3), findings, Map.of("torch", "1.13"));
        assertTrue(opening.contains("-Pbench -Dbench=step,soak verify"), opening);
        assertTrue(opening.contains("| environment | OMP_NUM_THREADS=1 |"), opening);
        assertTrue(opening.contains("| PyTorch's side: torch | 1.13 |"), opening);
        assertTrue(opening.contains("| mln | lora / stock | 0.300 (0.300 .. 0.300) | 0.33 | met |"), opening);
        assertEquals(1, SpeedPage.budgeted(findings).size());
        assertFalse(opening.contains("draft"), opening);
    }

    @Test
    void aBusyMachineMakesADraft() throws IOException {
        String opening = SpeedPage.opening(settings(""), machine(7.5), new Findings(), Map.of());
        assertTrue(opening.contains("**A draft, measured on a busy machine** (load average 7.5 on 2"), opening);
        assertTrue(opening.contains("-Pbench verify"), opening);
    }

    private static Machine machine(double load) {
        return new Machine("Some CPU", List.of("avx2"), 2, load, Map.of("java", "17"), Map.of("OMP_NUM_THREADS", "1"));
    }

    private Settings settings(String parts) throws IOException {
        Properties properties = new Properties();
        Path agent = folder.resolve("agent.jar");
        Files.createFile(agent);
        properties.setProperty("bench.agent", agent.toString());
        properties.setProperty("bench", parts);
        return Settings.of(properties, Map.<String, String>of()::get);
    }
}
