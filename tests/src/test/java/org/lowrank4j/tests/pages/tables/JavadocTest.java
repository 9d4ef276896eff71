package org.lowrank4j.tests.pages.tables;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavadocTest {

    private static final String SOURCE = """
            /**
             * Shrinks W (arXiv 1, section 2.1) as {@link p.Other} does, by |W| &lt; 1 or {@code a|b}, <em>slowly</em>:
             *
             * <pre>W = W_0 / 2</pre>
             *
             * <p>It is Published nowhere. Published with a rate of 0.5, see {@link #kept()}. Nothing else. Published: rank 1.
             */
            public final class Toy {
                /** Keeps "x", or {@code
                 * "y"} if it is not there. More of it.
                 *
                 * @return x
                 */
                String kept() { return "x"; }

                String bare() { return ""; }

                /** Inner. */
                interface Inner {
                    /** One. */
                    int one();
                }
            }
            """;

    @TempDir
    private Path folder;

    private Javadoc toy;

    @BeforeEach
    void write() throws IOException {
        Path file = Files.writeString(folder.resolve("Toy.java"), SOURCE);
        toy = new Javadoc(file, name -> name.equals("Other") ? "other-name" : name);
    }

    @Test
    void aSummaryIsTheFirstSentenceAndWhatWasPublished() {
        assertEquals(
                "Shrinks W (arXiv 1, section 2.1) as `other-name` does, by \\|W\\| \\< 1 or `a\\|b`, *slowly*."
                        + " Published with a rate of 0.5, see `kept`. Published: rank 1.",
                toy.summary("Toy"));
    }

    @Test
    void aMemberIsTakenAsAWhole() {
        assertEquals("Keeps \"x\", or `y` if it is not there. More of it.", toy.whole("Toy.kept"));
        assertEquals("One.", toy.whole("Toy.Inner.one"));
    }

    @Test
    void membersComeInTheOrderOfTheSource() {
        assertEquals(List.of("kept"), toy.members("Toy"));
        assertEquals(List.of("one"), toy.members("Toy.Inner"));
    }

    @Test
    void whatSaysNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> toy.whole("Toy.bare"));
    }
}
