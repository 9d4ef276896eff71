package org.lowrank4j.tests.pages.tables;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TablesTest {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    @Test
    void pagesSayWhatTheClassesSay() throws IOException {
        Blocks blocks = Tables.blocks(PROJECT);
        for (Path page : Tables.pages(PROJECT)) {
            String text = Files.readString(page);
            assertEquals(
                    blocks.fill(text), text, page.getFileName() + " is out of date; write it with " + Tables.COMMAND);
        }
        assertEquals(Set.of(), blocks.unused(), "no page has these");
    }
}
