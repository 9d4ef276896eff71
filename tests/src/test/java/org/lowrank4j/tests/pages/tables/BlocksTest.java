package org.lowrank4j.tests.pages.tables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BlocksTest {

    private final Blocks blocks = new Blocks(Map.of("a", () -> "$1 of a\n", "b", () -> "of b\n"));

    @Test
    void onlyWhatIsBetweenTheCommentsIsReplaced() {
        String page = "before\n<!-- begin a: by hand -->\nold\n<!-- end a -->\nafter\n";
        String written = "before\n<!-- begin a: by hand -->\n\n$1 of a\n\n<!-- end a -->\nafter\n";
        assertEquals(written, blocks.fill(page));
        assertEquals(written, blocks.fill(written));
        assertEquals(Set.of("b"), blocks.unused());
    }

    @Test
    void aBlockThatNobodyWritesIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> blocks.fill("<!-- begin c: x -->\n<!-- end c -->\n"));
    }
}
