package org.lowrank4j.tests.pages.rates;

import java.util.List;
import java.util.Locale;

/** Many small pictures of one line each over that of a reference, all of one scale, as an SVG. */
final class SmallMultiples {

    private static final int COLUMNS = 6;
    private static final int WIDTH = 190;
    private static final int HEIGHT = 130;
    private static final int TOP = 20;
    private static final int BOTTOM = 14;
    private static final int SIDE = 30;

    private final double least;
    private final double most;
    private final List<Panel> panels;

    /**
     * One of the pictures.
     *
     * @param y positive, at equal distances
     * @param reference drawn pale, of as many or more
     */
    record Panel(String name, double[] y, double[] reference) {}

    /**
     * All of them.
     *
     * @param least at the bottom of the logarithmic axis, above 0
     * @param most at its top; what is higher is cut off
     */
    SmallMultiples(double least, double most, List<Panel> panels) {
        this.least = least;
        this.most = most;
        this.panels = panels;
    }

    String svg() {
        int rows = (panels.size() + COLUMNS - 1) / COLUMNS;
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"11\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                COLUMNS * WIDTH,
                rows * HEIGHT));
        for (int i = 0; i < panels.size(); i++) {
            draw(svg, panels.get(i), i % COLUMNS * WIDTH, i / COLUMNS * HEIGHT);
        }
        return svg.append("</svg>\n").toString();
    }

    private void draw(StringBuilder svg, Panel panel, int left, int top) {
        svg.append(String.format(
                Locale.ROOT, "<text x=\"%d\" y=\"%d\" fill=\"#333\">%s</text>%n", left + SIDE, top + 14, panel.name()));
        for (double mark : new double[] {least, Math.sqrt(least * most), most}) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\""
                            + " font-size=\"9\" fill=\"#777\">%.2g</text>%n",
                    left + SIDE,
                    top + y(mark),
                    left + WIDTH - 6,
                    left + SIDE - 3,
                    top + y(mark) + 3,
                    mark));
        }
        int length = Math.max(panel.y.length, panel.reference.length);
        line(svg, panel.reference, length, left, top, "#bbb", 2);
        line(svg, panel.y, length, left, top, "#0072b2", 2);
    }

    private void line(StringBuilder svg, double[] y, int length, int left, int top, String colour, int width) {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < y.length; i++) {
            path.append(String.format(
                    Locale.ROOT,
                    "%s%.1f %.1f",
                    i == 0 ? "M" : "L",
                    left + SIDE + (WIDTH - SIDE - 6.0) * i / Math.max(1, length - 1),
                    top + y(Math.min(most, Math.max(least, y[i])))));
        }
        svg.append(String.format(
                Locale.ROOT,
                "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%d\"/>%n",
                path,
                colour,
                width));
    }

    private double y(double value) {
        return TOP + (HEIGHT - TOP - BOTTOM) * Math.log(most / value) / Math.log(most / least);
    }
}
