package org.lowrank4j.tests.bench;

import static org.lowrank4j.tests.bench.Budgets.FLOOR;
import static org.lowrank4j.tests.bench.Budgets.LORA;
import static org.lowrank4j.tests.bench.Budgets.ONEDNN;
import static org.lowrank4j.tests.bench.Budgets.STOCK;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.lowrank4j.tests.pages.Chart;
import org.lowrank4j.tests.pages.Chart.Axis;
import org.lowrank4j.tests.pages.Chart.Legend;
import org.lowrank4j.tests.pages.Chart.Mark;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Spread;

/**
 * How the time of a step grows, one {@link GrowthAxis} at a time: lowrank4j, stock and the products alone; of dense layers
 * beside what {@link CostModel} predicts.
 */
final class GrowthBenchmark {

    static final String PART = "growth";
    private static final Workload CENTRE = new Workload("mln", 1024, 32, 4, 8, "adam", "iterator");
    private static final double WARM_UP_SECONDS = 1;
    private static final int MOST_ROUNDS = 3;
    private static final String HEAP = "768m";
    private static final List<String> ARMS = List.of(STOCK, ONEDNN, LORA, FLOOR);

    private final SpeedSettings settings;
    private final Findings findings;
    private final Page page;
    private final Workload centre;
    private final int rounds;
    private final Path logs;
    private final Map<Workload, Map<String, List<Slice>>> measured = new LinkedHashMap<>();

    GrowthBenchmark(SpeedSettings settings, Findings findings, Page page) {
        this.settings = settings;
        this.findings = findings;
        this.page = page;
        centre = CENTRE.withFit(settings.fits().get(0))
                .withUpdater(settings.updaters().get(0));
        rounds = Math.min(MOST_ROUNDS, settings.rounds());
        logs = settings.out().resolve("logs");
    }

    /** All slices by workload, with the predictions. */
    Map<String, Object> run() throws IOException {
        List<GrowthAxis> axes = Arrays.stream(GrowthAxis.values())
                .filter(axis -> axis.isOf(settings.networks()))
                .toList();
        page.section("How cost grows");
        page.paragraph(String.format(Locale.ROOT, """
                Dots are medians of %d interleaved rounds, from least to greatest. Both axes are logarithmic; the last row of a table \
                has the slopes, the median of those between all pairs of points: 1 is in proportion.\
                """, rounds));
        Map<String, Object> details = new LinkedHashMap<>();
        List<Line> predicted = axes.stream().anyMatch(GrowthAxis::isDense) ? predicted(details) : List.of();
        for (GrowthAxis axis : axes) {
            List<Workload> workloads = axis.workloads(centre, settings.quick());
            for (Workload workload : workloads) {
                measure(workload);
            }
            List<Line> lines = axis.isDense() ? predicted : measuredOnly(workloads.get(0));
            draw(axis, workloads, lines);
            table(axis, workloads, lines);
            details.put(axis.label(), toJson(workloads, lines));
        }
        return details;
    }

    private List<Line> predicted(Map<String, Object> details) throws IOException {
        CostModel model = Rates.measure(centre, rounds, settings.sliceSeconds(), logs);
        double gflops = model.flopsPerSecond() / 1e9;
        double gigabytes = model.bytesPerSecond() / 1e9;
        findings.add(Finding.of(PART, "one thread", "large product", "GFLOP/s", Spread.of(gflops)));
        findings.add(Finding.of(PART, "one thread", "large stream", "GB/s", Spread.of(gigabytes)));
        page.paragraph(explanation(gflops, gigabytes));
        details.put("flopsPerSecond", model.flopsPerSecond());
        details.put("bytesPerSecond", model.bytesPerSecond());
        return lines(model);
    }

    private List<Line> measuredOnly(Workload workload) {
        return ARMS.stream()
                .filter(arm -> measured.get(workload).containsKey(arm))
                .map(arm -> new Line(arm, "", any -> Double.NaN))
                .toList();
    }

    /** A contestant and what is predicted for it, if anything is. */
    private record Line(String arm, String prediction, ToDoubleFunction<Workload> seconds) {
        int colour() {
            return ARMS.indexOf(arm);
        }

        boolean isPredicted() {
            return !prediction.isEmpty();
        }

        double predictedMilliseconds(Workload workload) {
            return 1e3 * seconds.applyAsDouble(workload);
        }
    }

    private static List<Line> lines(CostModel model) {
        List<Line> lines = new ArrayList<>();
        lines.add(new Line(STOCK, "stock, predicted", model::stock));
        lines.add(new Line(LORA, "lora, predicted", model::lora));
        lines.add(new Line(FLOOR, "products alone, predicted", model::floor));
        return lines;
    }

    private void measure(Workload workload) throws IOException {
        if (measured.containsKey(workload)) {
            return;
        }
        List<WorkerArm> arms = new ArrayList<>();
        try {
            String agent = settings.agent() + workload.rule();
            arms.add(new WorkerArm(STOCK, "train", "", workload, HEAP, logs));
            WorkerArm lora = new WorkerArm(LORA, "train", agent, workload, HEAP, logs);
            arms.add(lora);
            if (workload.seesPictures() && !settings.oneDnn().isEmpty()) {
                String engine = agent + ",convolution=onednn";
                arms.add(WorkerArm.with(settings.oneDnn(), Map.of(), ONEDNN, engine, workload, HEAP, logs));
            }
            arms.add(new WorkerArm(FLOOR, "gemm", "", workload, HEAP, logs));
            Map<String, List<Slice>> slices = Interleaving.run(arms, rounds, WARM_UP_SECONDS, settings.sliceSeconds());
            lora.requireAdapters();
            measured.put(workload, slices);
            slices.forEach((arm, own) -> findings.add(
                    Finding.of(PART, workload.label(), arm + ", CPU time", "ms", Slice.spread(own, Slice::cpu))));
        } finally {
            for (WorkerArm arm : arms) {
                arm.close();
            }
        }
    }

    private Spread cpu(Workload workload, String arm) {
        return Slice.spread(measured.get(workload).get(arm), Slice::cpu);
    }

    private void draw(GrowthAxis axis, List<Workload> workloads, List<Line> lines) {
        double[] x = workloads.stream().mapToDouble(axis::of).toArray();
        List<Chart.Line> predicted = lines.stream()
                .filter(Line::isPredicted)
                .map(line -> new Chart.Line(
                        line.prediction(),
                        x,
                        workloads.stream()
                                .mapToDouble(line::predictedMilliseconds)
                                .toArray(),
                        Mark.DASHES))
                .toList();
        double[] values = DoubleStream.concat(
                        predicted.stream().flatMapToDouble(line -> Arrays.stream(line.y())),
                        lines.stream()
                                .flatMap(line -> workloads.stream().map(one -> cpu(one, line.arm())))
                                .flatMapToDouble(cpu -> DoubleStream.of(cpu.least(), cpu.greatest())))
                .toArray();
        Chart chart = new Chart(
                "CPU time of a training step against " + axis.label(),
                Axis.logarithmicAt(axis.label(), x),
                Axis.logarithmicOver("milliseconds a step", values),
                Legend.BESIDE);
        for (Line line : lines) {
            chart.add(
                    new Chart.Line(
                            String.format(Locale.ROOT, "%s, slope %.2f", line.arm(), slope(axis, workloads, line)),
                            x,
                            each(workloads, line, Spread::median),
                            Mark.DOTS),
                    each(workloads, line, Spread::least),
                    each(workloads, line, Spread::greatest),
                    line.colour());
        }
        for (int i = 0; i < predicted.size(); i++) {
            chart.add(predicted.get(i), lines.get(i).colour());
        }
        page.chart("-" + axis.name().toLowerCase(Locale.ROOT), "Step time against " + axis.label(), chart);
    }

    private double[] each(List<Workload> workloads, Line line, ToDoubleFunction<Spread> value) {
        return workloads.stream()
                .mapToDouble(one -> value.applyAsDouble(cpu(one, line.arm())))
                .toArray();
    }

    private double slope(GrowthAxis axis, List<Workload> workloads, Line line) {
        return Slope.ofLogarithms(
                workloads.stream().mapToDouble(axis::of).toArray(), each(workloads, line, Spread::median));
    }

    private void table(GrowthAxis axis, List<Workload> workloads, List<Line> lines) {
        List<String> head = new ArrayList<>(List.of(axis.label()));
        if (axis.isDense()) {
            head.add("W moves");
        }
        for (Line line : lines) {
            head.add(line.arm() + ", ms");
            if (line.isPredicted()) {
                head.add("predicted, ms");
                head.add("measured / predicted");
            }
        }
        List<List<String>> rows = new ArrayList<>();
        for (Workload workload : workloads) {
            List<String> row = new ArrayList<>(List.of("" + axis.of(workload)));
            if (axis.isDense()) {
                row.add(CostModel.lags(workload) ? "once a fit" : "each step");
            }
            for (Line line : lines) {
                Spread cpu = cpu(workload, line.arm());
                row.add(cpu.format(2));
                if (line.isPredicted()) {
                    double predicted = line.predictedMilliseconds(workload);
                    row.add(String.format(Locale.ROOT, "%.2f", predicted));
                    row.add(String.format(Locale.ROOT, "%.2f", cpu.median() / predicted));
                }
            }
            rows.add(row);
        }
        List<String> slopes = new ArrayList<>(List.of("slope"));
        if (axis.isDense()) {
            slopes.add("");
        }
        for (Line line : lines) {
            slopes.add(String.format(Locale.ROOT, "%.2f", slope(axis, workloads, line)));
            if (line.isPredicted()) {
                slopes.addAll(List.of("", ""));
            }
        }
        rows.add(slopes);
        page.table(head, rows);
    }

    private Map<String, Object> toJson(List<Workload> workloads, List<Line> lines) {
        Map<String, Object> json = new LinkedHashMap<>();
        for (Workload workload : workloads) {
            Map<String, Object> own = Slice.toJson(measured.get(workload));
            lines.stream()
                    .filter(Line::isPredicted)
                    .forEach(line -> own.put(line.prediction() + ", ms", line.predictedMilliseconds(workload)));
            json.put(workload.label(), own);
        }
        return json;
    }

    private String explanation(double gflops, double gigabytes) {
        return String.format(Locale.ROOT, """
                One of width n, batch b, rank r and number L of dense layers, all adapted, is varied around %s. Dashed lines are predicted from counts and two \
                rates that one thread reached in the same run, %.1f GFLOP/s in a product of 1024 x 1024 matrices and \
                %.1f GB/s in a sum of arrays that no cache holds. Nothing is fitted. Each part of a step takes the longer of \
                its arithmetic and its memory traffic at these rates:

                - products alone: 2 L - 1 products of 2 b n^2 FLOPs over n^2 + 2 b n floats (forward for each layer, epsilon \
                above the first), and two of the head;
                - stock: four such products a layer (forward, the pre-activation once more, dL/dW, epsilon), 9 b n floats for \
                bias and rectifier, and 11 n^2 floats for the division by the batch size, Adam and the subtraction (SGD: 7 n^2);
                - lora where a step moves W: the products alone, four products of the factors (2 b n r FLOPs over b n + n r + \
                b r floats), 13 floats for each of 2 n r trained entries, and the move W -= s [dA | A] [B ; dB], 4 n^2 r \
                FLOPs over 2 n^2 + 4 n r floats;
                - lora where W lags behind its factors within a fit (an iterator's, if 2 b n + 100,000 < n^2): two such \
                products and four of rank 2r, 6 n r floats for the differences of the factors, and the move once a fit.

                What a call costs whatever its size is not in the counts: where little is computed, a step lies above its line. \
                Below it, arrays stayed in a cache.\
                """, centre.label(), gflops, gigabytes);
    }
}
