package org.lowrank4j.examples.merging;

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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** Mean accuracy over storage as a PNG: a point per row of the table, and lines through those of one kind. */
final class StorageChart {

    private static final int WIDTH = 1280;
    private static final int HEIGHT = 760;
    private static final int LEFT = 96;
    private static final int RIGHT = 36;
    private static final int TOP = 76;
    private static final int BOTTOM = 84;

    private static final Color INK = new Color(0x33, 0x33, 0x33);
    private static final Color GRID = new Color(0xdd, 0xdd, 0xdd);

    /** Accuracies below this are not drawn apart: a guess is right as often. */
    private static final double LEAST = 0.1;

    private record Style(String title, Color colour, boolean line) {}

    /** Okabe and Ito's colours, which stay apart for colour-blind readers. */
    private static final Map<Row.Kind, Style> STYLES = new EnumMap<>(Map.of(
            Row.Kind.BASE, new Style("base", new Color(0x00, 0x00, 0x00), false),
            Row.Kind.ONE, new Style("one adapter for all tasks", new Color(0xd5, 0x5e, 0x00), false),
            Row.Kind.REVERSIBLE, new Style("RMM, p = 1, 2, ...", new Color(0x00, 0x72, 0xb2), true),
            Row.Kind.TRUNCATED, new Style("each cut to a lower rank", new Color(0xe6, 0x9f, 0x00), true),
            Row.Kind.SEPARATE, new Style("separate adapters", new Color(0x00, 0x9e, 0x73), false)));

    private final Results results;

    /** The storage at the right edge, in parts of the separate adapters'. */
    private final double widest;

    StorageChart(Results results) {
        this.results = results;
        double most = results.rows().stream()
                .mapToDouble(row -> row.storage(results.separate()))
                .max()
                .orElseThrow();
        this.widest = Math.ceil(4 * most + 0.2) / 4;
    }

    /** Draws and writes the picture. */
    void write(Path file) throws IOException {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, WIDTH, HEIGHT);
        drawAxes(graphics);
        for (Row.Kind kind : Row.Kind.values()) {
            draw(graphics, STYLES.get(kind), results.of(kind));
        }
        drawLegend(graphics);
        graphics.dispose();
        if (!ImageIO.write(image, "png", file.toFile())) {
            throw new IOException("This Java has no PNG writer; " + file + " was not written.");
        }
    }

    private void drawAxes(Graphics2D graphics) {
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 17));
        FontMetrics metrics = graphics.getFontMetrics();
        for (int percent = (int) (100 * LEAST); percent <= 100; percent += 10) {
            int y = (int) Math.round(y(percent / 100.0));
            graphics.setColor(GRID);
            graphics.drawLine(LEFT, y, WIDTH - RIGHT, y);
            graphics.setColor(INK);
            String label = percent + " %";
            graphics.drawString(label, LEFT - 12 - metrics.stringWidth(label), y + metrics.getAscent() / 2 - 2);
        }
        for (int percent = 0; percent <= 100 * widest; percent += 25) {
            int x = (int) Math.round(x(percent / 100.0));
            graphics.setColor(GRID);
            graphics.drawLine(x, TOP, x, HEIGHT - BOTTOM);
            graphics.setColor(INK);
            String label = percent + " %";
            graphics.drawString(label, x - metrics.stringWidth(label) / 2, HEIGHT - BOTTOM + 26);
        }
        String across = "storage, of the separate adapters";
        graphics.drawString(across, LEFT + (plotWidth() - metrics.stringWidth(across)) / 2, HEIGHT - 22);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 21));
        graphics.drawString("Mean accuracy over all tasks", LEFT, 44);
    }

    private void draw(Graphics2D graphics, Style style, List<Row> rows) {
        graphics.setColor(style.colour());
        Path2D line = new Path2D.Double();
        for (Row row : rows) {
            double x = x(row.storage(results.separate()));
            double y = y(row.mean());
            if (line.getCurrentPoint() == null) {
                line.moveTo(x, y);
            } else {
                line.lineTo(x, y);
            }
            graphics.fill(new Ellipse2D.Double(x - 7, y - 7, 14, 14));
        }
        if (style.line() && !rows.isEmpty()) {
            graphics.setStroke(new BasicStroke(3, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
            graphics.draw(line);
        }
    }

    private void drawLegend(Graphics2D graphics) {
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 18));
        FontMetrics metrics = graphics.getFontMetrics();
        int lineHeight = 28;
        int left = WIDTH - RIGHT - 300;
        int up = HEIGHT - BOTTOM - 24 - lineHeight * STYLES.size();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(left - 16, up - 8, 300, lineHeight * STYLES.size() + 16);
        int row = 0;
        for (Style style : STYLES.values()) {
            int y = up + lineHeight * row + lineHeight / 2;
            graphics.setColor(style.colour());
            graphics.fill(new Ellipse2D.Double(left, y - 7, 14, 14));
            graphics.setColor(Color.BLACK);
            graphics.drawString(style.title(), left + 28, y + metrics.getAscent() / 2 - 2);
            row++;
        }
    }

    private static int plotWidth() {
        return WIDTH - LEFT - RIGHT;
    }

    private double x(double storage) {
        return LEFT + plotWidth() * storage / widest;
    }

    private static double y(double accuracy) {
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (Math.max(accuracy, LEAST) - LEAST) / (1 - LEAST);
    }
}
