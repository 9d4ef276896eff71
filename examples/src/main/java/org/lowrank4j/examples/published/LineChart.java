package org.lowrank4j.examples.published;

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
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import javax.imageio.ImageIO;

/** Lines or points over two axes as a PNG. */
final class LineChart {

    /** What a line is made of. */
    enum Mark {
        LINE,
        /** A line with a dot at each point. */
        DOTS,
        DASHES
    }

    /**
     * One line.
     *
     * @param x ascending
     * @param y as many
     */
    record Line(String title, double[] x, double[] y, Mark mark) {}

    /**
     * One axis.
     *
     * @param title what it measures
     * @param least at its lower end
     * @param most at its upper end
     * @param logarithmic whether equal distances are equal ratios
     */
    record Axis(String title, double least, double most, boolean logarithmic) {

        /** Where a value is, from 0 to 1. */
        double place(double value) {
            return logarithmic ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
        }

        /** The values that are written beside it. */
        double[] labels() {
            if (logarithmic) {
                // 1, 2 and 5 times the powers of ten.
                return DoubleStream.iterate(
                                Math.pow(10, Math.floor(Math.log10(least))),
                                power -> power <= most,
                                power -> 10 * power)
                        .flatMap(power -> DoubleStream.of(power, 2 * power, 5 * power))
                        .filter(value -> value >= least * (1 - 1e-9) && value <= most * (1 + 1e-9))
                        .toArray();
            }
            double spacing = spacing();
            // Plus 0, which turns -0 into 0.
            return DoubleStream.iterate(
                            Math.ceil(least / spacing - 1e-9) * spacing + 0.0,
                            value -> value <= most + spacing / 1e6,
                            value -> value + spacing)
                    .toArray();
        }

        /** 1, 2 or 5 times a power of ten, so that there are 4 to 10 labels. */
        private double spacing() {
            double range = (most - least) / 4;
            double power = Math.pow(10, Math.floor(Math.log10(range)));
            double parts = range / power;
            return power * (parts >= 5 ? 5 : parts >= 2 ? 2 : 1);
        }

        String written(double value) {
            double finest = logarithmic ? value : spacing();
            int decimals = finest >= 1 ? 0 : (int) Math.ceil(-Math.log10(finest) - 1e-9);
            return String.format(Locale.ROOT, "%,." + decimals + "f", value);
        }
    }

    private static final int WIDTH = 1280;
    private static final int HEIGHT = 760;
    private static final int LEFT = 104;
    private static final int RIGHT = 36;
    private static final int TOP = 76;
    private static final int BOTTOM = 84;

    private static final int SMOOTHED = 40;

    private static final Color GRID = new Color(0xdd, 0xdd, 0xdd);
    private static final Color INK = new Color(0x33, 0x33, 0x33);

    /** Okabe and Ito's colours, which stay apart for colour-blind readers. */
    private static final Color[] COLOURS = {
        new Color(0x00, 0x00, 0x00),
        new Color(0xe6, 0x9f, 0x00),
        new Color(0x00, 0x72, 0xb2),
        new Color(0xd5, 0x5e, 0x00),
        new Color(0x00, 0x9e, 0x73),
        new Color(0xcc, 0x79, 0xa7),
        new Color(0x56, 0xb4, 0xe9),
        new Color(0x8c, 0x6d, 0x31)
    };

    private final String title;
    private final Axis across;
    private final Axis up;
    private final boolean legendAtTop;
    private final List<Line> lines;

    /** @param legendAtTop whether the legend is in the upper right corner, or in the lower one */
    LineChart(String title, Axis across, Axis up, boolean legendAtTop, List<Line> lines) {
        this.title = title;
        this.across = across;
        this.up = up;
        this.legendAtTop = legendAtTop;
        this.lines = lines;
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
        graphics.setClip(LEFT, TOP, plotWidth(), plotHeight());
        for (int i = 0; i < lines.size(); i++) {
            draw(graphics, lines.get(i), colour(i));
        }
        graphics.setClip(null);
        drawLegend(graphics);
        graphics.dispose();
        if (!ImageIO.write(image, "png", file.toFile())) {
            throw new IOException("This Java has no PNG writer; " + file + " was not written.");
        }
    }

    private static Color colour(int line) {
        return COLOURS[line % COLOURS.length];
    }

    private void draw(Graphics2D graphics, Line line, Color colour) {
        graphics.setColor(colour);
        graphics.setStroke(stroke(line.mark()));
        Path2D path = new Path2D.Double();
        for (int i = 0; i < line.x().length; i++) {
            double x = x(line.x()[i]);
            double y = y(line.y()[i]);
            if (i == 0) {
                path.moveTo(x, y);
            } else {
                path.lineTo(x, y);
            }
            if (line.mark() == Mark.DOTS) {
                graphics.fill(new Ellipse2D.Double(x - 6, y - 6, 12, 12));
            }
        }
        graphics.draw(path);
    }

    private static BasicStroke stroke(Mark mark) {
        return mark == Mark.DASHES
                ? new BasicStroke(3, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {12, 8}, 0)
                : new BasicStroke(3, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
    }

    private void drawAxes(Graphics2D graphics) {
        graphics.setFont(font(Font.PLAIN, 17));
        FontMetrics metrics = graphics.getFontMetrics();
        for (double value : up.labels()) {
            int y = (int) Math.round(y(value));
            graphics.setColor(GRID);
            graphics.drawLine(LEFT, y, WIDTH - RIGHT, y);
            graphics.setColor(INK);
            String label = up.written(value);
            graphics.drawString(label, LEFT - 12 - metrics.stringWidth(label), y + metrics.getAscent() / 2 - 2);
        }
        for (double value : across.labels()) {
            int x = (int) Math.round(x(value));
            graphics.setColor(GRID);
            graphics.drawLine(x, TOP, x, HEIGHT - BOTTOM);
            graphics.setColor(INK);
            String label = across.written(value);
            graphics.drawString(label, x - metrics.stringWidth(label) / 2, HEIGHT - BOTTOM + 26);
        }
        graphics.setColor(INK);
        graphics.setStroke(new BasicStroke(1.5f));
        graphics.drawLine(LEFT, TOP, LEFT, HEIGHT - BOTTOM);
        graphics.drawLine(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
        graphics.drawString(
                across.title(), LEFT + (plotWidth() - metrics.stringWidth(across.title())) / 2, HEIGHT - 22);
        graphics.rotate(-Math.PI / 2);
        graphics.drawString(up.title(), -(TOP + (plotHeight() + metrics.stringWidth(up.title())) / 2), 30);
        graphics.rotate(Math.PI / 2);
        graphics.setFont(font(Font.BOLD, 21));
        graphics.drawString(title, LEFT, 44);
    }

    private void drawLegend(Graphics2D graphics) {
        graphics.setFont(font(Font.PLAIN, 18));
        FontMetrics metrics = graphics.getFontMetrics();
        int textWidth = lines.stream()
                .mapToInt(line -> metrics.stringWidth(line.title()))
                .max()
                .orElse(0);
        int lineHeight = 28;
        int width = textWidth + 80;
        int height = lines.size() * lineHeight + 16;
        int left = WIDTH - RIGHT - width - 12;
        int top = legendAtTop ? TOP + 12 : HEIGHT - BOTTOM - height - 12;
        graphics.setColor(new Color(255, 255, 255, 230));
        graphics.fillRect(left, top, width, height);
        graphics.setColor(new Color(0xbb, 0xbb, 0xbb));
        graphics.setStroke(new BasicStroke(1));
        graphics.drawRect(left, top, width, height);
        for (int i = 0; i < lines.size(); i++) {
            int y = top + 8 + lineHeight * i + lineHeight / 2;
            graphics.setColor(colour(i));
            graphics.setStroke(stroke(lines.get(i).mark()));
            graphics.drawLine(left + 16, y, left + 52, y);
            graphics.setColor(Color.BLACK);
            graphics.drawString(lines.get(i).title(), left + 64, y + metrics.getAscent() / 2 - 2);
        }
    }

    private static Font font(int style, int size) {
        return new Font(Font.SANS_SERIF, style, size);
    }

    private static int plotWidth() {
        return WIDTH - LEFT - RIGHT;
    }

    private static int plotHeight() {
        return HEIGHT - TOP - BOTTOM;
    }

    private double x(double value) {
        return LEFT + plotWidth() * across.place(value);
    }

    private double y(double value) {
        return HEIGHT - BOTTOM - plotHeight() * up.place(value);
    }

    /** 1 to n. */
    static double[] steps(int n) {
        double[] steps = new double[n];
        Arrays.setAll(steps, i -> i + 1);
        return steps;
    }

    /** The mean of each value and the {@value #SMOOTHED} before it. */
    static double[] smooth(double[] values) {
        double[] smooth = new double[values.length];
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += values[i] - (i > SMOOTHED ? values[i - SMOOTHED - 1] : 0);
            smooth[i] = sum / Math.min(i + 1, SMOOTHED + 1);
        }
        return smooth;
    }
}
