package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.pages.Chart.Axis;
import org.lowrank4j.tests.pages.Chart.Legend;
import org.lowrank4j.tests.pages.Chart.Line;
import org.lowrank4j.tests.pages.Chart.Mark;

class ChartTest {

    @TempDir
    private Path directory;

    private BufferedImage drawn(Chart chart) throws IOException {
        Path file = directory.resolve("chart.png");
        chart.write(file);
        return ImageIO.read(file.toFile());
    }

    private static Chart empty() {
        return new Chart(
                "Title", new Axis("steps", 0, 1000, false), new Axis("loss", 0.01, 1, true), Legend.LOWER_RIGHT);
    }

    /** Where the pixels of a colour are: the first and last of a column, and of a row. */
    private record Box(int left, int right, int top, int bottom) {

        static Box of(BufferedImage image, int colour) {
            Box box = new Box(Integer.MAX_VALUE, -1, Integer.MAX_VALUE, -1);
            for (int x = 0; x < image.getWidth(); x++) {
                // Above the legend.
                for (int y = 0; y < 500; y++) {
                    if ((image.getRGB(x, y) & 0xffffff) == colour) {
                        box = new Box(
                                Math.min(box.left, x),
                                Math.max(box.right, x),
                                Math.min(box.top, y),
                                Math.max(box.bottom, y));
                    }
                }
            }
            return box;
        }
    }

    @Test
    void aPointIsWhereTheAxesSay() throws IOException {
        BufferedImage image = drawn(
                empty().add(new Line("no colour is looked for", new double[] {0}, new double[] {0.02}, Mark.POINTS))
                        .add(new Line("left", new double[] {250}, new double[] {0.1}, Mark.POINTS))
                        .add(new Line("right", new double[] {750}, new double[] {0.1}, Mark.POINTS))
                        .add(new Line("up", new double[] {250, 750}, new double[] {1, 1}, Mark.LINE)));
        Box left = Box.of(image, 0xe69f00);
        Box right = Box.of(image, 0x0072b2);
        Box up = Box.of(image, 0xd55e00);
        assertEquals(left.top, right.top);
        // A line of the same two places, with round ends.
        assertEquals((left.left + left.right) / 2, up.left, 3);
        assertEquals((right.left + right.right) / 2, up.right, 3);
        assertTrue(up.bottom < left.top, "1 is above 0.1");
    }

    @Test
    void whatWasMeasuredSeveralTimesHasAStroke() throws IOException {
        double[] x = {500};
        Box point = Box.of(drawn(empty().add(new Line("once", x, new double[] {0.3}, Mark.POINTS), 1)), 0xe69f00);
        Box stroke = Box.of(
                drawn(empty().add(
                                new Line("often", x, new double[] {0.3}, Mark.POINTS),
                                new double[] {0.2},
                                new double[] {0.9},
                                1)),
                0xe69f00);
        assertTrue(stroke.top < point.top - 20 && stroke.bottom > point.bottom + 5, stroke + " and " + point);
    }

    @Test
    void anAxisThatCannotBeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Axis("loss", 0, 1, true));
        assertThrows(IllegalArgumentException.class, () -> new Axis("loss", 1, 1, false));
        assertThrows(IllegalArgumentException.class, () -> new Axis("loss", 0, Double.NaN, false));
        assertThrows(IllegalArgumentException.class, () -> Axis.logarithmicOver("loss", new double[] {0, 1}));
    }
}
