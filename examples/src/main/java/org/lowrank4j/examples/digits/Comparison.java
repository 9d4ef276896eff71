package org.lowrank4j.examples.digits;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.lowrank4j.file.Replacement;

/** The finished runs of a comparison, and the forms in which they are shown. */
final class Comparison {

    private final Settings settings;
    private final List<Run> runs = new ArrayList<>();

    Comparison(Settings settings) {
        this.settings = settings;
    }

    void add(Run run) {
        runs.add(run);
    }

    private List<Run> of(Arm arm) {
        return runs.stream().filter(run -> run.arm() == arm).toList();
    }

    /** One row per arm: accuracies as mean and standard deviation over the seeds, times and steps as medians. */
    String table() {
        Table table = new Table(
                "",
                "new domain",
                "old domain",
                "trained",
                "ms/step",
                "grad + updater",
                "adapter",
                String.format(Locale.ROOT, "steps to loss %s", settings.targetLoss()));
        for (Arm arm : settings.arms()) {
            List<Run> runsOfArm = of(arm);
            Run first = runsOfArm.get(0);
            double steps = median(runsOfArm, run -> run.stepsTo(settings.targetLoss()));
            table.row(
                    arm.title,
                    percent(runsOfArm, Run::accuracy),
                    percent(runsOfArm, Run::kept),
                    String.format(Locale.ROOT, "%,d", first.trainable()),
                    String.format(Locale.ROOT, "%.2f", median(runsOfArm, Run::msPerStep)),
                    bytes(first.trainingBytes()),
                    first.adapterBytes() == 0 ? "-" : bytes(first.adapterBytes()),
                    steps > settings.steps() ? "> " + settings.steps() : String.format(Locale.ROOT, "%.0f", steps));
        }
        return table.format();
    }

    /** Mean and sample standard deviation in percent; the mean alone for a single run. */
    private static String percent(List<Run> runs, ToDoubleFunction<Run> value) {
        double mean = 100 * mean(runs, value);
        return runs.size() == 1
                ? String.format(Locale.ROOT, "%.1f %%", mean)
                : String.format(Locale.ROOT, "%.1f +- %.1f %%", mean, 100 * deviation(runs, value));
    }

    static double mean(List<Run> runs, ToDoubleFunction<Run> value) {
        return runs.stream().mapToDouble(value).average().orElseThrow();
    }

    static double deviation(List<Run> runs, ToDoubleFunction<Run> value) {
        double mean = mean(runs, value);
        double squares = runs.stream()
                .mapToDouble(run -> Math.pow(value.applyAsDouble(run) - mean, 2))
                .sum();
        return Math.sqrt(squares / (runs.size() - 1));
    }

    private static double median(List<Run> runs, ToDoubleFunction<Run> value) {
        double[] sorted = runs.stream().mapToDouble(value).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static String bytes(long bytes) {
        return bytes < 1024 * 1024
                ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
                : String.format(Locale.ROOT, "%.1f MiB", bytes / 1024.0 / 1024.0);
    }

    /** Writes {@code runs.csv}, a line per run. */
    Path writeRuns() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("arm,seed,rate,new_accuracy,old_accuracy,ms_per_step,trained_parameters,training_bytes,"
                + "adapter_bytes,steps_to_loss");
        for (Run run : runs) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%s,%d,%s,%.6f,%.6f,%.4f,%d,%d,%d,%d",
                    run.arm(),
                    run.seed(),
                    settings.rateOf(run.arm()),
                    run.accuracy(),
                    run.kept(),
                    run.msPerStep(),
                    run.trainable(),
                    run.trainingBytes(),
                    run.adapterBytes(),
                    run.stepsTo(settings.targetLoss())));
        }
        return written("runs.csv", lines);
    }

    /** Writes {@code learning-curves.csv}: step, then for each arm the mean loss and its running mean. */
    Path writeCurves() throws IOException {
        List<String> lines = new ArrayList<>();
        StringBuilder header = new StringBuilder("step");
        List<double[]> columns = new ArrayList<>();
        for (Arm arm : settings.arms()) {
            header.append(',').append(arm).append(',').append(arm).append("_smoothed");
            double[] mean = Curve.mean("", of(arm)).losses();
            columns.add(mean);
            columns.add(Curve.smooth(mean));
        }
        lines.add(header.toString());
        for (int step = 0; step < settings.steps(); step++) {
            StringBuilder line = new StringBuilder(Integer.toString(step + 1));
            for (double[] column : columns) {
                line.append(String.format(Locale.ROOT, ",%.6f", column[step]));
            }
            lines.add(line.toString());
        }
        return written("learning-curves.csv", lines);
    }

    /** Writes {@code comparison.json}: the settings, and every run with its losses. */
    Path writeJson() throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("data", settings.data().equals(Digits.DRAWN) ? Digits.DRAWN : "mnist");
        all.put("shift", settings.shift());
        all.put("steps", settings.steps());
        all.put("seeds", settings.seeds());
        all.put("targetLoss", settings.targetLoss());
        List<Map<String, Object>> list = new ArrayList<>();
        for (Run run : runs) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("arm", run.arm());
            one.put("seed", run.seed());
            one.put("rate", settings.rateOf(run.arm()));
            one.put("agentArguments", run.arm().usesAgent() ? settings.agentArguments(run.arm()) : "");
            one.put("newAccuracy", run.accuracy());
            one.put("oldAccuracy", run.kept());
            one.put("msPerStep", run.msPerStep());
            one.put("trainedParameters", run.trainable());
            one.put("trainingBytes", run.trainingBytes());
            one.put("adapterBytes", run.adapterBytes());
            one.put("stepsToTargetLoss", run.stepsTo(settings.targetLoss()));
            one.put("losses", Arrays.stream(run.losses()).boxed().toList());
            list.add(one);
        }
        all.put("runs", list);
        return written("comparison.json", List.of(Json.write(all)));
    }

    private Path written(String name, List<String> lines) throws IOException {
        Path file = settings.out().resolve(name);
        Replacement.write(file, lines);
        return file;
    }
}
