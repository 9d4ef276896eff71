package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Spread;

/** Whether a long adapted training keeps anything that it should give back: every network and fit, each in its own JVM. */
final class SoakBenchmark {

    static final String PART = "soak";
    private static final Workload SMALL = new Workload("mln", 64, 8, 2, 4, "adam", "iterator");
    private static final int SAMPLES = 50;

    private final SpeedSettings settings;
    private final Findings findings;
    private final Page page;

    SoakBenchmark(SpeedSettings settings, Findings findings, Page page) {
        this.settings = settings;
        this.findings = findings;
        this.page = page;
    }

    /** All samples, by workload. */
    Map<String, Object> run() throws IOException {
        List<Workload> workloads = new ArrayList<>();
        for (String network : settings.networks()) {
            for (String fit : settings.fits()) {
                workloads.add(SMALL.withNetwork(network).withFit(fit));
            }
        }
        Map<String, Object> details = new LinkedHashMap<>();
        List<List<String>> rows = new ArrayList<>();
        for (Map.Entry<Workload, Soak> one : soaks(workloads).entrySet()) {
            details.put(one.getKey().label(), one.getValue().toJson());
            for (Soak.Part part : Soak.Part.values()) {
                report(one.getKey(), one.getValue(), part, rows);
            }
        }
        page.section("No growth over a long training");
        page.paragraph(
                String.format(Locale.ROOT, """
                %,d adapted steps of a small network in a JVM of its own, with a footprint taken after a collection %d times. \
                The first %.0f %% of them are not judged. Growth is the median of the slopes between all pairs of footprints, \
                for %,d steps.\
                """, settings.soakSteps(), SAMPLES, 100 * Soak.WARM_UP, Soak.REFERENCE));
        page.table(List.of("workload", "what", "after warm-up", "at the end", "growth", "bound", ""), rows);
        return details;
    }

    /** Two at a time: nothing is timed. */
    private Map<Workload, Soak> soaks(List<Workload> workloads) throws IOException {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            Map<Workload, Future<Soak>> running = new LinkedHashMap<>();
            workloads.forEach(workload -> running.put(workload, pool.submit(() -> soak(workload))));
            Map<Workload, Soak> soaks = new LinkedHashMap<>();
            for (Map.Entry<Workload, Future<Soak>> one : running.entrySet()) {
                soaks.put(one.getKey(), one.getValue().get());
            }
            return soaks;
        } catch (ExecutionException failed) {
            throw new IOException("A soak failed.", failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        } finally {
            pool.shutdownNow();
        }
    }

    private Soak soak(Workload workload) throws IOException {
        Path logs = settings.out().resolve("logs");
        String agent = settings.agent() + "=rank=" + workload.rank();
        try (WorkerArm arm = new WorkerArm(PART, "train", agent, workload, "128m", logs, WorkerArm.COMPACT_FULLY)) {
            Soak soak = Soak.of(arm, settings.soakSteps(), SAMPLES);
            arm.requireAdapters();
            return soak;
        }
    }

    private void report(Workload workload, Soak soak, Soak.Part part, List<List<String>> rows) {
        Finding growth = Finding.of(
                        PART, workload.label(), part.label() + ", growth", part.unit(), Spread.of(soak.growth(part)))
                .within(part.bound());
        findings.add(growth);
        rows.add(List.of(
                workload.label(),
                part.label(),
                amount(part, part.of(soak.start())),
                amount(part, part.of(soak.end())),
                amount(part, soak.growth(part)),
                amount(part, part.bound()),
                growth.verdict()));
    }

    private static String amount(Soak.Part part, double value) {
        return part.unit().equals("count")
                ? String.format(Locale.ROOT, "%.1f", value)
                : String.format(Locale.ROOT, "%,.1f %s", value, part.unit());
    }
}
