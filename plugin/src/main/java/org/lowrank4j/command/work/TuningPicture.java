package org.lowrank4j.command.work;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Losses over learning rates, with one line for each rank and length of trials. */
final class TuningPicture {

    private static final int WIDTH = 640;
    private static final int HEIGHT = 400;
    private static final int MARGIN = 60;
    private static final List<String> COLOURS =
            List.of("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377");

    /** A trial that came to a loss. */
    private record Point(double rate, double loss) {}

    private TuningPicture() {}

    /** @param losses by candidate and number of steps; what diverged has no point */
    static String svg(Map<GridSearch.Candidate, Map<Integer, Double>> losses) {
        Map<String, List<Point>> lines = new TreeMap<>();
        losses.forEach((candidate, found) -> found.forEach((steps, loss) -> {
            if (Double.isFinite(loss) && candidate.rate() > 0) {
                String name = (candidate.rank() == null ? "" : "rank " + candidate.rank() + ", ") + steps + " steps";
                lines.computeIfAbsent(name, key -> new ArrayList<>()).add(new Point(candidate.rate(), loss));
            }
        }));
        List<Point> all = lines.values().stream().flatMap(List::stream).toList();
        double left = Math.log10(all.stream().mapToDouble(Point::rate).min().orElse(1));
        double right = Math.log10(all.stream().mapToDouble(Point::rate).max().orElse(1));
        double low = all.stream().mapToDouble(Point::loss).min().orElse(0);
        double high = all.stream().mapToDouble(Point::loss).max().orElse(1);
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                WIDTH,
                HEIGHT));
        text(svg, MARGIN, HEIGHT - 20, String.format(Locale.ROOT, "rate %.2g", Math.pow(10, left)), "black");
        text(svg, WIDTH - 2 * MARGIN, HEIGHT - 20, String.format(Locale.ROOT, "%.2g", Math.pow(10, right)), "black");
        text(svg, 5, MARGIN, String.format(Locale.ROOT, "%.3g", high), "black");
        text(svg, 5, HEIGHT - MARGIN, String.format(Locale.ROOT, "loss %.3g", low), "black");
        int index = 0;
        for (Map.Entry<String, List<Point>> line : lines.entrySet()) {
            String colour = COLOURS.get(index % COLOURS.size());
            text(svg, WIDTH - 150, 20 + 15 * index++, line.getKey(), colour);
            StringBuilder points = new StringBuilder();
            line.getValue().stream()
                    .sorted(Comparator.comparingDouble(Point::rate))
                    .forEach(point -> {
                        double x = MARGIN + part(Math.log10(point.rate()), left, right) * (WIDTH - 2 * MARGIN);
                        double y = HEIGHT - MARGIN - part(point.loss(), low, high) * (HEIGHT - 2 * MARGIN);
                        points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
                        svg.append(String.format(
                                Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n", x, y, colour));
                    });
            svg.append(String.format(
                    Locale.ROOT,
                    "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\"/>%n",
                    points.toString().strip(),
                    colour));
        }
        return svg.append("</svg>\n").toString();
    }

    private static double part(double value, double from, double to) {
        return from == to ? 0.5 : (value - from) / (to - from);
    }

    private static void text(StringBuilder svg, int x, int y, String text, String colour) {
        svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>%n", x, y, colour, text));
    }
}
