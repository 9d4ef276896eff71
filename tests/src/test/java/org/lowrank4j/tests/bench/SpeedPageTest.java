package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Spread;

class SpeedPageTest {

    @Test
    void saysHowAndOnWhatItWasMeasured() {
        Findings findings = new Findings();
        findings.add(
                Finding.of("step", "mln", "lora / stock", "", Spread.of(0.3)).within(0.33));
        findings.add(Finding.of("soak", "mln", "threads, growth", "count", Spread.of(0))
                .within(0.5));
        String opening = opening(findings, machine(0.3), Map.of("torch", "1.13"), "--parts=step,soak");
        assertTrue(opening.contains("-Dpage=speed -Dpage.args=\"--parts step,soak\" verify"), opening);
        assertTrue(opening.contains("| environment | OMP_NUM_THREADS=1 |"), opening);
        assertTrue(opening.contains("| PyTorch's side: torch | 1.13 |"), opening);
        assertTrue(opening.contains("| mln | lora / stock | 0.300 (0.300 .. 0.300) | 0.33 | met |"), opening);
        assertEquals(1, SpeedPage.budgeted(findings).size());
        assertFalse(opening.contains("draft"), opening);
    }

    @Test
    void aBusyMachineMakesADraft() {
        String opening = opening(new Findings(), machine(7.5), Map.of());
        assertTrue(opening.contains("**A draft, measured on a busy machine** (load average 7.5 on 2"), opening);
        assertTrue(opening.contains("-Dpage=speed verify"), opening);
    }

    private static Machine machine(double load) {
        return new Machine("Some CPU", List.of("avx2"), 2, load, Map.of("java", "17"), Map.of("OMP_NUM_THREADS", "1"));
    }

    private static String opening(Findings findings, Machine machine, Map<String, String> torch, String... arguments) {
        Page page = new Page(Path.of("unused"), "speed");
        SpeedPage.opening(page, SpeedSettingsTest.settings(arguments), machine, findings, torch);
        return page.markdown();
    }
}
