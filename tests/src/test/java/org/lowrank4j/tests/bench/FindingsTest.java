package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    void jsonHoldsNumbersAndVerdict() {
        assertEquals("""
                {
                  "part": "step",
                  "setting": "batch8",
                  "quantity": "lora / stock",
                  "unit": "",
                  "min": 0.2,
                  "median": 0.21,
                  "max": 0.22,
                  "budget": 0.22,
                  "verdict": "met"
                }
                """, Json.write(MET.toJson()));
    }

    @Test
    void jsonEscapesAndNests() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("text", "a \"b\"\n\\\t");
        value.put("numbers", List.of(1, 2.5, Double.NaN));
        value.put("none", List.of());
        value.put("flag", true);
        assertEquals("""
                {
                  "text": "a \\"b\\"\\n\\\\\\u0009",
                  "numbers": [1, 2.5, null],
                  "none": [],
                  "flag": true
                }
                """, Json.write(value));
    }

    @Test
    void chartPaintsMetAndMissedApart(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("chart.png");
        BarChart.write("title", List.of(MET, MISSED), file);
        BufferedImage image = ImageIO.read(file.toFile());
        int barOfMet = image.getRGB(540, 80);
        int barOfMissed = image.getRGB(540, 80 + 34);
        assertNotEquals(barOfMet, barOfMissed);
        assertTrue(image.getHeight() > 70 + 2 * 34);
    }
}
