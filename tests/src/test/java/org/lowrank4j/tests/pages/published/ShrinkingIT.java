package org.lowrank4j.tests.pages.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program with the agent, on few drawn digits' worth of steps. */
class ShrinkingIT {

    @Test
    void aQuickRunWritesThePage(@TempDir Path out) throws Exception {
        Shrinking.main(QuickPage.arguments(out));
        QuickPage page = QuickPage.read(out, "shrinking", "shrinking.png");
        String trp = "TRP, e = 0.9";
        assertEquals(109_386, page.number("plain", 1));
        double kept = page.number(trp, 1);
        assertTrue(kept < 109_386, "kept " + kept);
        assertEquals(page.number(trp, 3), page.number(trp, 4), 0.1, "as trained and as written");
        MultiLayerNetwork small = ModelSerializer.restoreMultiLayerNetwork(
                out.resolve("shrinking/models/TRP-e-0.9/small-seed-1.zip").toFile());
        assertEquals(kept, small.numParams());
        assertTrue(page.says("TRP, e = 0.9 is more accurate than plain training cut to its size: **"));
    }
}
