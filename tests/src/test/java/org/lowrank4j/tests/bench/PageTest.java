package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {

    @TempDir
    private Path site;

    @Test
    void textTablesAndPicturesAreInTheirPlaces() throws IOException {
        Page page = new Page(site, "speed");
        page.section("Growth");
        page.text("As n.");
        page.table(List.of("n", "ms"), List.of(List.of("1", "2.0")));
        Files.writeString(page.picture("Growth", "growth.png"), "drawn");
        Path file = site.resolve("markdown/speed.md");
        assertFalse(Files.exists(site.resolve("resources/growth.png")), "nothing is in place before the end");
        page.write("# Speed\n");
        assertEquals("drawn", Files.readString(site.resolve("resources/growth.png")));
        assertEquals("""
                # Speed

                ## Growth

                As n.

                | n | ms |
                | --- | --- |
                | 1 | 2.0 |

                ![Growth](../resources/growth.png)
                """, Files.readString(file));
    }
}
