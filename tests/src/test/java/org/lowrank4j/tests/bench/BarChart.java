package org.lowrank4j.tests.bench;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** Draws findings with their budgets as horizontal bars into a PNG: value as bar, min to max as whisker, budget as line. */
final class BarChart {

    private static final int WIDTH = 1200;
    private static final int LEFT = 520;
    private static final int RIGHT = 120;
    private static final int TOP = 70;
    private static final int ROW = 34;
    private static final Color MET = new Color(0x00, 0x72, 0xb2);
    private static final Color MISSED = new Color(0xd5, 0x5e, 0x00);
    private static final Color INK = new Color(0x33, 0x33, 0x33);

    private BarChart() {}

    /** Each bar is drawn relative to its budget, which is the same line for all. */
    static void write(String title, List<Finding> findings, Path file) throws IOException {
        int height = TOP + ROW * findings.size() + 60;
        BufferedImage image = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, WIDTH, height);
        graphics.setColor(INK);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 20));
        graphics.drawString(title, 24, 38);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        for (int i = 0; i < findings.size(); i++) {
            draw(graphics, findings.get(i), TOP + ROW * i);
        }
        graphics.setColor(INK);
        graphics.setStroke(new BasicStroke(2));
        graphics.drawLine(x(1), TOP - 8, x(1), height - 48);
        String label = "budget";
        graphics.drawString(label, x(1) - graphics.getFontMetrics().stringWidth(label) / 2, height - 26);
        graphics.dispose();
        if (!ImageIO.write(image, "png", file.toFile())) {
            throw new IOException("This Java has no PNG writer; " + file + " was not written.");
        }
    }

    private static void draw(Graphics2D graphics, Finding finding, int y) {
        FontMetrics metrics = graphics.getFontMetrics();
        int baseline = y + ROW / 2 + metrics.getAscent() / 2 - 3;
        String label = finding.setting() + ": " + finding.quantity();
        graphics.setColor(INK);
        graphics.drawString(label, LEFT - 12 - metrics.stringWidth(label), baseline);
        int end = x(part(finding, finding.value().median()));
        graphics.setColor(finding.met() ? MET : MISSED);
        graphics.fillRect(LEFT, y + 6, Math.max(2, end - LEFT), ROW - 12);
        graphics.setColor(INK);
        graphics.setStroke(new BasicStroke(1.5f));
        graphics.drawLine(
                x(part(finding, finding.value().least())),
                y + ROW / 2,
                x(part(finding, finding.value().greatest())),
                y + ROW / 2);
        String value = String.format(
                Locale.ROOT, "%.3g of %.3g %s", finding.value().median(), finding.budget(), finding.unit());
        int after = Math.max(end, x(part(finding, finding.value().greatest())));
        graphics.drawString(value, Math.min(after + 10, WIDTH - metrics.stringWidth(value) - 8), baseline);
    }

    private static double part(Finding finding, double value) {
        return finding.budget() == 0 ? (value == 0 ? 0 : 2) : Math.max(0, value / finding.budget());
    }

    /** Twice the budget and all above it ends the picture. */
    private static int x(double partOfBudget) {
        return LEFT + (int) Math.round((WIDTH - LEFT - RIGHT) * Math.min(partOfBudget, 2) / 2);
    }
}
