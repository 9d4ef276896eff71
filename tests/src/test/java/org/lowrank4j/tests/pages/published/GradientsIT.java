package org.lowrank4j.tests.pages.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program with the agent, on few drawn digits' worth of steps. */
class GradientsIT {

    @Test
    void aQuickRunWritesThePage(@TempDir Path out) throws Exception {
        Gradients.main(QuickPage.arguments(out));
        QuickPage page = QuickPage.read(out, "gradients", "gradients.png", "gradients-time.png");
        for (String arm : new String[] {"Adam", "GaLore, r = 16", "M-FAC, m = 8"}) {
            double soon = page.number(arm, 1);
            double end = page.number(arm, 2);
            assertTrue(end < soon, arm + " fell from " + soon + " to " + end);
        }
        // Gradient and two moments of 50,890 floats; gradient and window of eight gradients.
        assertEquals("0.6 MiB", page.cell("Adam", 7));
        assertEquals("1.7 MiB", page.cell("M-FAC, m = 8", 7));
        assertTrue(page.says("GaLore states less memory than Adam: **holds**"));
    }
}
