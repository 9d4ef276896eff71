package org.lowrank4j.tests.pages.starts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program with the agent, on few drawn digits' worth of steps. */
class StartsIT {

    @Test
    void aQuickRunWritesThePage(@TempDir Path out) throws Exception {
        Starts.main(new String[] {"--quick", "--out=" + out, "--agent=" + System.getProperty("agent.jar")});
        List<String> page = Files.readAllLines(out.resolve("site/markdown/starts.md"));
        for (Task task : Task.values()) {
            List<String> table = page.subList(page.indexOf("## " + task.title), page.size());
            List<String> full = cells(table, "full");
            List<String> kaiming = cells(table, "kaiming");
            int trained = full.size() - 3;
            assertEquals("269,322", full.get(trained));
            // Rank 8 for 784 x 256 and 256 x 256, and the output layer.
            assertEquals("14,986", kaiming.get(trained));
            double first = Double.parseDouble(kaiming.get(1));
            double last = Double.parseDouble(kaiming.get(3));
            assertTrue(last < first / 2, "the loss fell from " + first + " to " + last + " only");
            assertTrue(Files.size(out.resolve("site/resources/starts-" + task + ".png")) > 1000);
        }
    }

    /** The cells of the first row with that name. */
    private static List<String> cells(List<String> lines, String name) {
        String row = lines.stream()
                .filter(line -> line.startsWith("| " + name + " | "))
                .findFirst()
                .orElseThrow();
        return List.of(row.substring(2, row.length() - 2).split(" \\| "));
    }
}
