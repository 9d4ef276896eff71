package org.lowrank4j.tests.pages.published;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole program with the agent, on few drawn digits' worth of steps. */
class IntrinsicDimensionIT {

    @Test
    void aQuickRunWritesThePage(@TempDir Path out) throws Exception {
        IntrinsicDimension.main(QuickPage.arguments(out));
        QuickPage page = QuickPage.read(out, "intrinsic-dimension", "intrinsic-dimension.png");
        assertTrue(page.says("All 199,210 parameters of a network move"));
        double whole = page.number("all parameters", 2);
        double part = page.number("d = 300", 2);
        assertTrue(part > 15 && part < whole, "all " + whole + ", part " + part);
        assertTrue(page.says("750 dimensions reach 90 % of the baseline: **"));
    }
}
