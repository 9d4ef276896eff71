package measure;

import java.util.List;
import java.util.Locale;

/** The ways as a table in Markdown, a row each: means over the seeds, and the scores' standard deviation. */
public final class Table {

    private static final String ROW = "| %-22s | %-15s | %9s | %7s | %13s | %10s | %12s |%n";

    private Table() {}

    /** Prints it; {@code format} is how a score is written, such as {@code %.1f}. */
    public static void print(String score, String format, List<Way> ways) {
        System.out.printf(ROW, "", score, "ms a step", "seconds", "updater state", "workspaces", "adapter file");
        System.out.printf(ROW, "-".repeat(22), "-".repeat(15), "--:", "--:", "--:", "--:", "--:");
        for (Way way : ways) {
            System.out.printf(
                    ROW,
                    way.name,
                    number(format, mean(way.scores))
                            + (way.scores.size() < 2 ? "" : " +- " + number(format, deviation(way.scores))),
                    way.millis.isEmpty() ? "" : number("%.1f", mean(way.millis)),
                    way.seconds.isEmpty() ? "" : number("%.1f", mean(way.seconds)),
                    bytes(way.updaterBytes),
                    bytes(way.workspaceBytes),
                    bytes(way.adapterBytes));
        }
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(value -> value).average().orElseThrow();
    }

    private static double deviation(List<Double> values) {
        double mean = mean(values);
        double squares = values.stream()
                .mapToDouble(value -> (value - mean) * (value - mean))
                .sum();
        return Math.sqrt(squares / (values.size() - 1));
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    private static String bytes(long bytes) {
        if (bytes == 0) {
            return "";
        }
        return bytes < 1 << 20 ? number("%.1f KiB", bytes / 1024.0) : number("%.1f MiB", bytes / 1048576.0);
    }
}
