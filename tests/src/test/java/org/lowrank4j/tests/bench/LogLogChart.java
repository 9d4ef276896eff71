package org.lowrank4j.tests.bench;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** Draws measured points with their least and greatest values, and predicted lines, on logarithmic axes into a PNG. */
final class LogLogChart {

    private static final int WIDTH = 1200;
    private static final int HEIGHT = 760;
    private static final int LEFT = 110;
    private static final int RIGHT = 330;
    private static final int TOP = 76;
    private static final int BOTTOM = 84;
    private static final Color INK = new Color(0x33, 0x33, 0x33);
    private static final Color GRID = new Color(0xdd, 0xdd, 0xdd);

    /** Okabe and Ito's colours, which stay apart for colour-blind readers. */
    private static final List<Color> COLOURS = List.of(
            new Color(0x00, 0x72, 0xb2),
            new Color(0x00, 0x00, 0x00),
            new Color(0x00, 0x9e, 0x73),
            new Color(0xd5, 0x5e, 0x00),
            new Color(0xcc, 0x79, 0xa7));

    private final String title;
    private final String across;
    private final String up;
    private final List<Series> all;
    private final Axis x;
    private final Axis y;

    /** One point: where, and how much. */
    record Point(double at, Spread value) {}

    /**
     * What is drawn in one colour.
     *
     * @param colour number of its colour; a prediction takes that of what it predicts
     * @param predicted a dashed line without marks instead of marks joined by a line
     */
    record Series(String name, int colour, boolean predicted, List<Point> points) {}

    /** Positive values, at least one point in all. */
    LogLogChart(String title, String across, String up, List<Series> all) {
        this.title = title;
        this.across = across;
        this.up = up;
        this.all = List.copyOf(all);
        List<Double> places = new ArrayList<>();
        List<Double> values = new ArrayList<>();
        for (Series series : all) {
            for (Point point : series.points()) {
                places.add(point.at());
                values.addAll(List.of(point.value().least(), point.value().greatest()));
            }
        }
        x = Axis.over(places);
        y = Axis.over(values);
    }

    /** From the least to the greatest value, with some room, in powers of ten. */
    record Axis(double least, double greatest) {

        static Axis over(List<Double> values) {
            double least =
                    values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
            double greatest =
                    values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
            if (!(least > 0) || !Double.isFinite(greatest)) {
                throw new IllegalArgumentException(
                        "A logarithmic axis shows positive finite values, not " + least + " to " + greatest + ".");
            }
            double room = Math.max(0.04 * Math.log10(greatest / least), 0.02);
            return new Axis(Math.log10(least) - room, Math.log10(greatest) + room);
        }

        /** 0 at the axis's beginning, 1 at its end. */
        double part(double value) {
            return (Math.log10(value) - least) / (greatest - least);
        }

        /** 1, 2 and 5 times the powers of ten that lie on it; only the powers where they are many. */
        List<Double> ticks() {
            List<Double> ticks = new ArrayList<>();
            boolean wide = greatest - least > 4;
            for (int power = (int) Math.floor(least); power <= greatest; power++) {
                for (double leading : wide ? new double[] {1} : new double[] {1, 2, 5}) {
                    double tick = leading * Math.pow(10, power);
                    if (part(tick) >= 0 && part(tick) <= 1) {
                        ticks.add(tick);
                    }
                }
            }
            return ticks;
        }
    }

    /** Draws and writes the picture. */
    void write(Path file) throws IOException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, WIDTH, HEIGHT);
        drawAxes(graphics);
        for (int i = 0; i < all.size(); i++) {
            draw(graphics, all.get(i));
            drawKey(graphics, all.get(i), TOP + 16 + 30 * i);
        }
        graphics.dispose();
        if (!ImageIO.write(image, "png", file.toFile())) {
            throw new IOException("This Java has no PNG writer; " + file + " was not written.");
        }
    }

    private void draw(Graphics2D graphics, Series series) {
        graphics.setColor(colour(series));
        graphics.setStroke(stroke(series));
        Path2D line = new Path2D.Double();
        for (Point point : series.points()) {
            double median = point.value().median();
            if (line.getCurrentPoint() == null) {
                line.moveTo(x(point.at()), y(median));
            } else {
                line.lineTo(x(point.at()), y(median));
            }
        }
        graphics.draw(line);
        if (series.predicted()) {
            return;
        }
        for (Point point : series.points()) {
            double place = x(point.at());
            graphics.draw(new java.awt.geom.Line2D.Double(
                    place, y(point.value().least()), place, y(point.value().greatest())));
            graphics.fill(new Ellipse2D.Double(place - 5, y(point.value().median()) - 5, 10, 10));
        }
    }

    private void drawKey(Graphics2D graphics, Series series, int height) {
        int left = WIDTH - RIGHT + 20;
        graphics.setColor(colour(series));
        graphics.setStroke(stroke(series));
        graphics.drawLine(left, height, left + 40, height);
        if (!series.predicted()) {
            graphics.fill(new Ellipse2D.Double(left + 15, height - 5.0, 10, 10));
        }
        graphics.setColor(INK);
        graphics.setFont(font(Font.PLAIN, 16));
        graphics.drawString(series.name(), left + 52, height + 5);
    }

    private static Color colour(Series series) {
        return COLOURS.get(series.colour() % COLOURS.size());
    }

    private static BasicStroke stroke(Series series) {
        return series.predicted()
                ? new BasicStroke(2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, new float[] {9, 7}, 0)
                : new BasicStroke(2.5f);
    }

    private void drawAxes(Graphics2D graphics) {
        graphics.setFont(font(Font.PLAIN, 16));
        FontMetrics metrics = graphics.getFontMetrics();
        for (double tick : y.ticks()) {
            int height = (int) Math.round(y(tick));
            graphics.setColor(GRID);
            graphics.drawLine(LEFT, height, WIDTH - RIGHT, height);
            graphics.setColor(INK);
            String label = number(tick);
            graphics.drawString(label, LEFT - 12 - metrics.stringWidth(label), height + metrics.getAscent() / 2 - 2);
        }
        // Where cost was measured, rather than at round numbers: few places, all powers of two.
        for (double place : all.get(0).points().stream().map(Point::at).toList()) {
            int along = (int) Math.round(x(place));
            graphics.setColor(GRID);
            graphics.drawLine(along, TOP, along, HEIGHT - BOTTOM);
            graphics.setColor(INK);
            String label = number(place);
            graphics.drawString(label, along - metrics.stringWidth(label) / 2, HEIGHT - BOTTOM + 26);
        }
        graphics.setColor(INK);
        graphics.setStroke(new BasicStroke(1.5f));
        graphics.drawLine(LEFT, TOP, LEFT, HEIGHT - BOTTOM);
        graphics.drawLine(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
        int plotWidth = WIDTH - LEFT - RIGHT;
        graphics.drawString(across, LEFT + (plotWidth - metrics.stringWidth(across)) / 2, HEIGHT - 22);
        graphics.rotate(-Math.PI / 2);
        graphics.drawString(up, -(TOP + (HEIGHT - TOP - BOTTOM + metrics.stringWidth(up)) / 2), 32);
        graphics.rotate(Math.PI / 2);
        graphics.setFont(font(Font.BOLD, 20));
        graphics.drawString(title, LEFT, 44);
    }

    private static String number(double value) {
        return value >= 1 ? String.format(Locale.ROOT, "%.0f", value) : String.format(Locale.ROOT, "%.2g", value);
    }

    private static Font font(int style, int size) {
        return new Font(Font.SANS_SERIF, style, size);
    }

    private double x(double value) {
        return LEFT + (WIDTH - LEFT - RIGHT) * x.part(value);
    }

    private double y(double value) {
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y.part(value);
    }
}
