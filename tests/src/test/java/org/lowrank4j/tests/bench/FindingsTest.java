package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.pages.Spread;

class FindingsTest {

    private static final Finding MET = Finding.of("step", "batch8", "lora / stock", "", Spread.of(0.2, 0.21, 0.22))
            .within(0.22);
    private static final Finding MISSED =
            Finding.of("startup", "hello", "added", "ms", Spread.of(16)).within(15);
    private static final Finding FREE = Finding.of("step", "batch8", "stock", "ms", Spread.of(40));

    @Test
    void theMedianDecides() {
        assertEquals("met", MET.verdict());
        assertEquals("missed", MISSED.verdict());
        assertEquals("", FREE.verdict());
        assertEquals("met", MISSED.within(16).verdict());
    }

    @Test
    void tableAlignsItsColumns() {
        Findings findings = new Findings();
        findings.add(MET);
        findings.add(MISSED);
        findings.note("memory: not measured");
        assertEquals("""
                part     setting  quantity      median    min    max  unit  budget
                ----------------------------------------------------------------------------
                step     batch8   lora / stock   0.210  0.200  0.220        <= 0.220  met
                startup  hello    added          16.00  16.00  16.00  ms    <= 15.00  missed
                memory: not measured
                """, findings.table());
    }

    @Test
    void theChartPaintsMetAndMissedApart(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("chart.png");
        BudgetChart.of("title", List.of(MET, MISSED)).write(file);
        BufferedImage image = ImageIO.read(file.toFile());
        int met = rowOf(image, 0x0072b2);
        int missed = rowOf(image, 0xd55e00);
        assertTrue(met > 0 && missed > met, met + " and " + missed);
    }

    /** The uppermost row of pixels with a colour; -1 if there is none. */
    private static int rowOf(BufferedImage image, int colour) {
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                if ((image.getRGB(x, y) & 0xffffff) == colour) {
                    return y;
                }
            }
        }
        return -1;
    }
}
