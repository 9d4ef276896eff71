package org.lowrank4j.tests.pages.merging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.adapter.PeftDirectory;

/** The whole program with the agent, on few drawn digits' worth of steps. */
class MergingIT {

    @Test
    void aQuickRunWritesThePage(@TempDir Path out) throws Exception {
        Merging.main(new String[] {"--quick", "--out=" + out, "--agent=" + System.getProperty("agent.jar")});
        List<String> page = Files.readAllLines(out.resolve("site/markdown/merging.md"));
        String text = String.join("\n", page);
        assertTrue(text.contains("dropped part of the spectrum: **yes**"), text);
        assertTrue(text.contains("gives every adapter back: **yes**"), text);
        double separate = mean(page, "| separate adapters | rank 4 |");
        assertTrue(separate > mean(page, "| base | no adapter |") + 5, text);
        assertEquals(separate, mean(page, "| RMM | p = 2 |"), 0.02);
        // 4 (784 + 256 + 256 + 256) numbers in each of three adapters.
        assertTrue(text.contains(String.format(Locale.ROOT, "%.0f KiB | 100.0 %%", 3 * 4 * 1552 * 4 / 1024.0)), text);
        assertTrue(Files.size(out.resolve("site/resources/merging.png")) > 1000);
        assertEquals(
                2, PeftDirectory.read(out.resolve("adapters/rot-45")).layers().size());
    }

    /** The mean accuracy, in percent, of the first row that starts so. */
    private static double mean(List<String> lines, String start) {
        String row = lines.stream()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .orElseThrow();
        return Double.parseDouble(row.substring(start.length()).strip().split(" ")[0]);
    }
}
