package org.lowrank4j.tests.pages.published;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A page that a quick run has written.
 *
 * @param lines its text
 */
record QuickPage(List<String> lines) {

    /** Arguments for a quick run. */
    static String[] arguments(Path out) {
        return new String[] {"--quick", "--out=" + out, "--agent=" + System.getProperty("agent.jar")};
    }

    /** Reads it, after a look at its charts. */
    static QuickPage read(Path out, String name, String... charts) throws IOException {
        Path site = out.resolve(name).resolve("site");
        for (String chart : charts) {
            assertTrue(Files.size(site.resolve("resources").resolve(chart)) > 1000, chart);
        }
        return new QuickPage(Files.readAllLines(site.resolve("markdown").resolve(name + ".md")));
    }

    /** A cell of the first row that begins with that name, from 1 for the one after the name. */
    String cell(String row, int column) {
        String line = lines.stream()
                .filter(each -> each.startsWith("| " + row + " | "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no row " + row + " in\n" + String.join("\n", lines)));
        return line.substring(2, line.length() - 2).split(" \\| ")[column];
    }

    /** A cell's number, without thousands' commas, unit and spread. */
    double number(String row, int column) {
        return Double.parseDouble(cell(row, column).split(" ")[0].replace(",", ""));
    }

    boolean says(String words) {
        return lines.stream().anyMatch(line -> line.contains(words));
    }
}
