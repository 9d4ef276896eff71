package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Spread;

/** The products of one adapted layer, each alone: what a profile of the step is to be read with. */
final class ProductsBenchmark {

    static final String PART = "products";
    private static final int FORKS = 3;
    private static final double ITERATION_SECONDS = 0.3;

    private final SpeedSettings settings;
    private final Findings findings;
    private final Page page;

    ProductsBenchmark(SpeedSettings settings, Findings findings, Page page) {
        this.settings = settings;
        this.findings = findings;
        this.page = page;
    }

    /** Nanoseconds of every product in every fork, by setting. */
    Map<String, Object> run() throws IOException {
        page.section("The products of one layer");
        page.paragraph(
                "Each product of an adapted layer alone, in the shapes and orders of a step; the fastest of five iterations,"
                        + " medians of " + FORKS
                        + " JVMs. The rate counts arithmetic, the traffic each matrix once (W twice where it is"
                        + " moved). `streamOfW` reads and writes W once: no move of W can be faster.");
        Map<String, Object> details = new LinkedHashMap<>();
        Workload centre = Workloads.centre(settings);
        List<List<String>> rows = new ArrayList<>();
        for (int batch : settings.combineAll() ? settings.batches() : List.of(centre.batch())) {
            run(centre.withBatch(batch), rows, details);
        }
        page.table(List.of("batch", "product", "microseconds", "GFLOP/s", "GB/s"), rows);
        return details;
    }

    private void run(Workload workload, List<List<String>> rows, Map<String, Object> details) throws IOException {
        Map<String, String> parameters =
                Map.of("width", "" + workload.width(), "batch", "" + workload.batch(), "rank", "" + workload.rank());
        Map<String, List<Double>> times = new LinkedHashMap<>();
        for (int fork = 0; fork < FORKS; fork++) {
            MicroBenchmark.nanoseconds(Products.class, ".*", List.of(), parameters, ITERATION_SECONDS)
                    .forEach((product, time) -> times.computeIfAbsent(product, name -> new ArrayList<>())
                            .add(time));
        }
        String setting = workload.width() + " batch " + workload.batch() + " rank " + workload.rank();
        details.put(setting, times);
        times.forEach((product, nanoseconds) -> {
            Spread time = spread(nanoseconds);
            findings.add(Finding.of(PART, setting, product, "ns", time));
            rows.add(List.of(
                    "" + workload.batch(),
                    "`" + product + "`",
                    Spread.of(time.least() / 1e3, time.median() / 1e3, time.greatest() / 1e3)
                            .format(1),
                    String.format(Locale.ROOT, "%.1f", flops(product, workload) / time.median()),
                    String.format(Locale.ROOT, "%.1f", bytes(product, workload) / time.median())));
        });
        ratio(setting, times, "moveOfW", "streamOfW");
        ratio(setting, times, "sidePath", "moveOfW");
    }

    private void ratio(String setting, Map<String, List<Double>> times, String above, String below) {
        double[] ratios = new double[FORKS];
        for (int fork = 0; fork < FORKS; fork++) {
            ratios[fork] = times.get(above).get(fork) / times.get(below).get(fork);
        }
        findings.add(Finding.of(PART, setting, above + " / " + below, "", Spread.of(ratios)));
    }

    private static Spread spread(List<Double> values) {
        return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** Of one call. */
    static double flops(String product, Workload w) {
        double n = w.width();
        return switch (product) {
            case "forward" -> 2 * w.batch() * n * n;
            case "gradientOfA", "gradientOfB" -> 4 * w.batch() * n * w.rank();
            case "sidePath" -> 16 * w.batch() * n * w.rank();
            case "moveOfW" -> 4 * w.rank() * n * n;
            case "streamOfW" -> n * n;
            default -> throw new IllegalArgumentException("unknown product: " + product);
        };
    }

    /** Of one call; every matrix is read or written once, W both where it is moved. */
    static double bytes(String product, Workload w) {
        double n = w.width();
        double b = w.batch();
        double r = w.rank();
        double entries = switch (product) {
            case "forward" -> n * n + 2 * b * n;
            case "gradientOfA", "gradientOfB" -> 2 * (b * n + n * r + b * r);
            case "sidePath" -> 4 * (b * n + 2 * n * r + 2 * b * r) + 2 * b * n;
            case "moveOfW" -> 2 * n * n + 4 * n * r;
            case "streamOfW" -> 2 * n * n;
            default -> throw new IllegalArgumentException("unknown product: " + product);
        };
        return Float.BYTES * entries;
    }
}
