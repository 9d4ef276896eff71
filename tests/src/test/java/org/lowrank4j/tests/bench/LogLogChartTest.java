package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.bench.LogLogChart.Axis;
import org.lowrank4j.tests.bench.LogLogChart.Point;
import org.lowrank4j.tests.bench.LogLogChart.Series;

class LogLogChartTest {

    @Test
    void equalFactorsAreEqualDistances() {
        Axis axis = Axis.over(List.of(1.0, 10_000.0));
        assertEquals(axis.part(100) - axis.part(10), axis.part(1000) - axis.part(100), 1e-12);
        assertTrue(axis.part(1) > 0 && axis.part(10_000) < 1);
    }

    @Test
    void ticksAreRound() {
        assertEquals(
                List.of(1.0, 2.0, 5.0, 10.0, 20.0),
                Axis.over(List.of(1.0, 30.0)).ticks());
        assertEquals(List.of(0.1, 10.0), filtered(Axis.over(List.of(0.01, 1e6)).ticks(), 0.1, 10));
    }

    private static List<Double> filtered(List<Double> ticks, double... wanted) {
        List<Double> found = new ArrayList<>();
        for (double tick : ticks) {
            for (double one : wanted) {
                if (Math.abs(tick - one) < 1e-9) {
                    found.add(one);
                }
            }
        }
        return found;
    }

    @Test
    void onlyPositiveValuesHaveALogarithm() {
        assertThrows(IllegalArgumentException.class, () -> Axis.over(List.of(0.0, 1.0)));
        assertThrows(IllegalArgumentException.class, () -> Axis.over(List.of(1.0, Double.NaN)));
    }

    @Test
    void aSquareLawIsAStraightLine(@TempDir Path folder) throws IOException {
        List<Point> square = List.of(point(1, 1), point(10, 100), point(100, 10_000));
        Path file = folder.resolve("chart.png");
        new LogLogChart("title", "n", "ms", List.of(new Series("square", 0, false, square))).write(file);
        BufferedImage image = ImageIO.read(file.toFile());
        // The middle of the plot is where 10 and 100 are; its mark has the series' colour.
        int across = 110 + (1200 - 110 - 330) / 2;
        int up = 76 + (760 - 76 - 84) / 2;
        assertEquals(0x0072b2, image.getRGB(across, up) & 0xffffff);
        assertEquals(0xffffff, image.getRGB(across + 60, up + 60) & 0xffffff);
    }

    private static Point point(double at, double value) {
        return new Point(at, Spread.of(value));
    }
}
