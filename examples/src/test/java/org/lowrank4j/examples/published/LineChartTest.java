package org.lowrank4j.examples.published;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.examples.published.LineChart.Axis;
import org.lowrank4j.examples.published.LineChart.Line;
import org.lowrank4j.examples.published.LineChart.Mark;

class LineChartTest {

    @Test
    void aPointIsWhereTheAxesSay(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("chart.png");
        new LineChart(
                        "Title",
                        new Axis("steps", 0, 1000, false),
                        new Axis("loss", 0.01, 1, true),
                        true,
                        List.of(
                                new Line("one", new double[] {500}, new double[] {0.1}, Mark.DOTS),
                                new Line("two", new double[] {250}, new double[] {0.1}, Mark.DOTS)))
                .write(file);
        BufferedImage image = ImageIO.read(file.toFile());
        int middle = 76 + (760 - 76 - 84) / 2;
        assertEquals(0x000000, image.getRGB(104 + (1280 - 104 - 36) / 2, middle) & 0xffffff);
        assertEquals(0xe69f00, image.getRGB(104 + (1280 - 104 - 36) / 4, middle) & 0xffffff);
    }

    @Test
    void labelsAreRoundNumbers() {
        Axis linear = new Axis("", 0, 1000, false);
        assertArrayEquals(new double[] {0, 200, 400, 600, 800, 1000}, linear.labels(), 1e-9);
        assertEquals("0", linear.written(linear.labels()[0]));
        assertEquals("1,000", linear.written(1000));
        Axis logarithmic = new Axis("", 0.04, 1, true);
        assertArrayEquals(new double[] {0.05, 0.1, 0.2, 0.5, 1}, logarithmic.labels(), 1e-9);
        assertEquals("0.05", logarithmic.written(0.05));
        assertEquals("0.1", logarithmic.written(0.1));
    }

    @Test
    void smoothingTakesTheMeanOfTheLastValues() {
        double[] values = new double[100];
        values[50] = 41;
        double[] smooth = LineChart.smooth(values);
        assertEquals(0, smooth[49]);
        assertEquals(1, smooth[50], 1e-12);
        assertEquals(1, smooth[90], 1e-12);
        assertEquals(0, smooth[91], 1e-12);
    }
}
