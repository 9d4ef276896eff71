package org.lowrank4j.examples.digits;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** Draws learning curves into a PNG: the smoothed curve bold over the raw one faint, on linear axes. */
public final class LearningCurveChart {

    private static final int WIDTH = 1280;
    private static final int HEIGHT = 760;
    private static final int LEFT = 96;
    private static final int RIGHT = 36;
    private static final int TOP = 76;
    private static final int BOTTOM = 84;

    /** Okabe and Ito's colours, which stay apart for colour-blind readers. */
    private static final Color[] COLOURS = {
        new Color(0x00, 0x00, 0x00),
        new Color(0xe6, 0x9f, 0x00),
        new Color(0x00, 0x72, 0xb2),
        new Color(0xd5, 0x5e, 0x00),
        new Color(0x00, 0x9e, 0x73),
        new Color(0xcc, 0x79, 0xa7)
    };

    private final String title;
    private final List<Curve> curves;
    private final int steps;
    private final double top;

    /** Curves of one or more steps; longer ones set the width. */
    public LearningCurveChart(String title, List<Curve> curves) {
        this.title = title;
        this.curves = curves;
        this.steps =
                curves.stream().mapToInt(curve -> curve.losses().length).max().orElse(1);
        this.top = top(curves);
    }

    /**
     * The highest loss shown. The first steps of a new domain can lie far above all others and would flatten the rest,
     * so it is three times the loss of the slowest curve after a tenth of the steps; higher parts are cut off.
     */
    private static double top(List<Curve> curves) {
        double highest = 0;
        for (Curve curve : curves) {
            double[] smooth = Curve.smooth(curve.losses());
            double start = Arrays.stream(smooth).max().orElse(0);
            highest = Math.max(highest, Math.min(start, 3 * smooth[smooth.length / 10]));
        }
        return highest > 0 ? highest : 1;
    }

    /** Draws and writes the picture. */
    public void write(Path file) throws IOException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, WIDTH, HEIGHT);
        drawAxes(graphics);
        graphics.setClip(LEFT, TOP, plotWidth(), plotHeight());
        for (int i = 0; i < curves.size(); i++) {
            Color colour = COLOURS[i % COLOURS.length];
            graphics.setColor(new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), 60));
            graphics.setStroke(new BasicStroke(1));
            graphics.draw(line(curves.get(i).losses()));
        }
        for (int i = 0; i < curves.size(); i++) {
            graphics.setColor(COLOURS[i % COLOURS.length]);
            graphics.setStroke(new BasicStroke(3, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
            graphics.draw(line(Curve.smooth(curves.get(i).losses())));
        }
        graphics.setClip(null);
        drawLegend(graphics);
        graphics.dispose();
        if (!ImageIO.write(image, "png", file.toFile())) {
            throw new IOException("This Java has no PNG writer; " + file + " was not written.");
        }
    }

    private Path2D line(double[] losses) {
        Path2D path = new Path2D.Double();
        for (int i = 0; i < losses.length; i++) {
            if (i == 0) {
                path.moveTo(x(i + 1), y(losses[i]));
            } else {
                path.lineTo(x(i + 1), y(losses[i]));
            }
        }
        return path;
    }

    private void drawAxes(Graphics2D graphics) {
        Color grid = new Color(0xdd, 0xdd, 0xdd);
        Color ink = new Color(0x33, 0x33, 0x33);
        graphics.setFont(font(Font.PLAIN, 17));
        FontMetrics metrics = graphics.getFontMetrics();
        double every = spacing(top);
        for (int i = 0; i * every <= top; i++) {
            int y = (int) Math.round(y(i * every));
            graphics.setColor(grid);
            graphics.drawLine(LEFT, y, WIDTH - RIGHT, y);
            graphics.setColor(ink);
            String label = String.format(Locale.ROOT, every < 0.1 ? "%.2f" : "%.1f", i * every);
            graphics.drawString(label, LEFT - 12 - metrics.stringWidth(label), y + metrics.getAscent() / 2 - 2);
        }
        double stepSpacing = Math.max(1, spacing(steps));
        for (int i = 0; i * stepSpacing <= steps; i++) {
            int x = (int) Math.round(x(i * stepSpacing));
            graphics.setColor(grid);
            graphics.drawLine(x, TOP, x, HEIGHT - BOTTOM);
            graphics.setColor(ink);
            String label = String.format(Locale.ROOT, "%.0f", i * stepSpacing);
            graphics.drawString(label, x - metrics.stringWidth(label) / 2, HEIGHT - BOTTOM + 26);
        }
        graphics.setColor(ink);
        graphics.setStroke(new BasicStroke(1.5f));
        graphics.drawLine(LEFT, TOP, LEFT, HEIGHT - BOTTOM);
        graphics.drawLine(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
        String across = "training step (batches of 64)";
        graphics.drawString(across, LEFT + (plotWidth() - metrics.stringWidth(across)) / 2, HEIGHT - 22);
        String up = "training loss";
        graphics.rotate(-Math.PI / 2);
        graphics.drawString(up, -(TOP + (plotHeight() + metrics.stringWidth(up)) / 2), 32);
        graphics.rotate(Math.PI / 2);
        graphics.setFont(font(Font.BOLD, 21));
        graphics.drawString(title, LEFT, 44);
    }

    private void drawLegend(Graphics2D graphics) {
        graphics.setFont(font(Font.PLAIN, 18));
        FontMetrics metrics = graphics.getFontMetrics();
        String note = "bold: running mean, faint: each step";
        int textWidth = metrics.stringWidth(note);
        for (Curve curve : curves) {
            textWidth = Math.max(textWidth, 48 + metrics.stringWidth(curve.title()));
        }
        int lineHeight = 28;
        int width = textWidth + 32;
        int height = (curves.size() + 1) * lineHeight + 20;
        int left = WIDTH - RIGHT - width - 12;
        int up = TOP + 12;
        graphics.setColor(new Color(255, 255, 255, 230));
        graphics.fillRect(left, up, width, height);
        graphics.setColor(new Color(0xbb, 0xbb, 0xbb));
        graphics.setStroke(new BasicStroke(1));
        graphics.drawRect(left, up, width, height);
        for (int i = 0; i < curves.size(); i++) {
            int y = up + 10 + lineHeight * i + lineHeight / 2;
            graphics.setColor(COLOURS[i % COLOURS.length]);
            graphics.setStroke(new BasicStroke(4));
            graphics.drawLine(left + 16, y, left + 52, y);
            graphics.setColor(Color.BLACK);
            graphics.drawString(curves.get(i).title(), left + 64, y + metrics.getAscent() / 2 - 2);
        }
        graphics.setColor(new Color(0x66, 0x66, 0x66));
        graphics.drawString(note, left + 16, up + height - 16);
    }

    /** The distance between grid lines, 1, 2 or 5 times a power of ten, that makes 4 to 10 of them. */
    private static double spacing(double range) {
        double power = Math.pow(10, Math.floor(Math.log10(range / 4)));
        double parts = range / 4 / power;
        return power * (parts >= 5 ? 5 : parts >= 2 ? 2 : 1);
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

    private double x(double step) {
        return LEFT + plotWidth() * step / steps;
    }

    private double y(double loss) {
        return HEIGHT - BOTTOM - plotHeight() * loss / top;
    }
}
