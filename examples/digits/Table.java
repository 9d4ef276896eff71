package digits;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The comparison as a table in Markdown. */
final class Table {

    private static final double LOSS = 0.5;
    private static final List<Integer> EARLY = List.of(20, 50, 100);

    private Table() {}

    /** A row per arm: accuracies as mean and standard deviation over the seeds, times and steps as medians. */
    static String of(Map<Arm, List<Result>> results, int steps) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "",
                "new domain",
                "old domain kept",
                "trained",
                "ms a step",
                "gradient + updater",
                "adapter file",
                "loss after 20 / 50 / 100 steps",
                "steps to loss " + LOSS));
        results.forEach((arm, runs) -> {
            Result first = runs.get(0);
            double toLoss = median(runs, Table::stepsToLoss);
            rows.add(List.of(
                    arm.title,
                    percent(runs),
                    String.format(Locale.ROOT, "%.1f %%", 100 * mean(runs, Result::kept)),
                    String.format(Locale.ROOT, "%,d", first.trained()),
                    String.format(Locale.ROOT, "%.1f", median(runs, Result::millis)),
                    bytes(first.trainingBytes()),
                    first.adapterBytes() == 0 ? "" : bytes(first.adapterBytes()),
                    EARLY.stream()
                            .map(step -> String.format(Locale.ROOT, "%.2f", mean(runs, run -> run.losses()[step - 1])))
                            .collect(Collectors.joining(" / ")),
                    toLoss > steps ? "> " + steps : String.format(Locale.ROOT, "%.0f", toLoss)));
        });
        return padded(rows);
    }

    private static double stepsToLoss(Result run) {
        double[] smooth = run.smoothLosses();
        int step = 0;
        while (step < smooth.length && smooth[step] > LOSS) {
            step++;
        }
        return step + 1;
    }

    /** Mean and sample standard deviation of the accuracy; the mean alone for a single run. */
    private static String percent(List<Result> runs) {
        double mean = mean(runs, Result::accuracy);
        if (runs.size() == 1) {
            return String.format(Locale.ROOT, "%.1f %%", 100 * mean);
        }
        double squares = runs.stream()
                .mapToDouble(run -> Math.pow(run.accuracy() - mean, 2))
                .sum();
        return String.format(Locale.ROOT, "%.1f +- %.1f %%", 100 * mean, 100 * Math.sqrt(squares / (runs.size() - 1)));
    }

    private static double mean(List<Result> runs, ToDoubleFunction<Result> value) {
        return runs.stream().mapToDouble(value).average().orElseThrow();
    }

    private static double median(List<Result> runs, ToDoubleFunction<Result> value) {
        double[] sorted = runs.stream().mapToDouble(value).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String bytes(long bytes) {
        double kib = bytes / 1024.0;
        return kib < 1024
                ? String.format(Locale.ROOT, "%.0f KiB", kib)
                : String.format(Locale.ROOT, "%.1f MiB", kib / 1024);
    }

    /** Cells as wide as the widest of their column, so that the table reads well as it is, too. */
    private static String padded(List<List<String>> rows) {
        int[] widths = new int[rows.get(0).size()];
        rows.forEach(row -> Arrays.setAll(
                widths, i -> Math.max(Math.max(3, widths[i]), row.get(i).length())));
        rows.add(1, Arrays.stream(widths).mapToObj("-"::repeat).toList());
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                text.append(i == 0 ? "| " : " | ").append(String.format("%-" + widths[i] + "s", row.get(i)));
            }
            text.append(" |\n");
        }
        return text.toString();
    }
}
