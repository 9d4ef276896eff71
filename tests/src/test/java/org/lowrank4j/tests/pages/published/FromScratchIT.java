package org.lowrank4j.tests.pages.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program with the agent, on few drawn digits' worth of steps. */
class FromScratchIT {

    @Test
    void aQuickRunWritesThePage(@TempDir Path out) throws Exception {
        FromScratch.main(QuickPage.arguments(out));
        QuickPage page = QuickPage.read(out, "from-scratch", "from-scratch.png");
        assertEquals("269,322", page.cell("full", 1));
        for (String arm : new String[] {"relora, r = 8, warm", "switchlora, r = 8"}) {
            // Rank 8 for 784 x 256 and 256 x 256, their biases, and the output layer.
            assertEquals("15,498", page.cell(arm, 1));
            double half = page.number(arm, 2);
            double end = page.number(arm, 3);
            assertTrue(end < half, arm + " fell from " + half + " to " + end);
        }
        assertTrue(page.says("SwitchLoRA is as good as full rank: **"));
    }
}
