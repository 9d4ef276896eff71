package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.pages.Chart.Axis;
import org.lowrank4j.tests.pages.Chart.Legend;
import org.lowrank4j.tests.pages.Chart.Line;
import org.lowrank4j.tests.pages.Chart.Mark;

class PageTest {

    @TempDir
    private Path site;

    @Test
    void textTablesAndChartsAreInTheirPlaces() throws IOException {
        Page parts = new Page(site, "speed");
        parts.section("Growth");
        parts.paragraph("As n.");
        parts.table(List.of("n", "ms"), List.of(List.of("[A | B] of 1", "2.0 \\| 3")));
        Chart chart = new Chart("Growth", new Axis("n", 0, 1, false), new Axis("ms", 0, 1, false), Legend.BESIDE)
                .add(new Line("all", new double[] {0, 1}, new double[] {0, 1}, Mark.LINE));
        parts.chart("-growth", "Growth", chart);
        parts.item("one");
        parts.claims(List.of(Claim.seen("it grows", true, "1 against 2")));
        Page page = new Page(site, "speed");
        page.paragraph("# Speed");
        page.command("--quick");
        page.append(parts);
        page.write();
        assertTrue(Files.size(site.resolve("resources/speed-growth.png")) > 1000);
        assertEquals("""
                # Speed

                ```sh
                ./mvnw -q -B -ntp -pl tests -am -DskipTests -Ppages -Dpage=speed -Dpage.args="--quick" verify
                ```

                ## Growth

                As n.

                | n | ms |
                | --- | --- |
                | [A \\| B] of 1 | 2.0 \\| 3 |

                ![Growth](../resources/speed-growth.png)

                - one
                - it grows: **yes** (1 against 2).
                """, Files.readString(site.resolve("markdown/speed.md")));
    }
}
