package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs the benchmarks that {@link Settings} name, prints a table and writes {@code results.json}, {@code results.png}
 * and the page about speed. A missed budget is reported and does not fail the run, because times belong to one machine; a long
 * training that keeps what it should give back fails it.
 */
public final class Benchmarks {

    private Benchmarks() {}

    public static void main(String[] arguments) throws IOException {
        Settings settings;
        try {
            settings = Settings.of(System.getProperties(), System::getenv);
        } catch (IllegalArgumentException wrong) {
            System.err.println("The benchmarks cannot start. " + wrong.getMessage());
            System.exit(2);
            return;
        }
        Files.createDirectories(settings.output());
        Findings findings = new Findings();
        Map<String, Object> details = new LinkedHashMap<>();
        Machine machine = Machine.here();
        Page page = new Page(settings.site(), "speed");
        for (String part : settings.parts()) {
            System.out.println(part);
            details.put(part, run(part, settings, findings, page));
        }
        System.out.println();
        System.out.println(findings.table());
        write(settings, machine, findings, page, details);
        if (findings.all().stream().anyMatch(one -> one.part().equals(SoakBenchmark.PART) && !one.met())) {
            System.err.println("A long training keeps what it should give back; the table says what.");
            System.exit(1);
        }
    }

    private static Map<String, Object> run(String part, Settings settings, Findings findings, Page page)
            throws IOException {
        return switch (part) {
            case "step" -> new StepBenchmark(settings, findings, page).run();
            case GrowthBenchmark.PART -> new GrowthBenchmark(settings, findings, page).run();
            case SoakBenchmark.PART -> new SoakBenchmark(settings, findings, page).run();
            case ProductsBenchmark.PART -> new ProductsBenchmark(settings, findings, page).run();
            default -> {
                Map<String, Object> details = runTabled(part, settings, findings);
                SpeedPage.section(page, part, findings);
                yield details;
            }
        };
    }

    private static Map<String, Object> runTabled(String part, Settings settings, Findings findings) throws IOException {
        return switch (part) {
            case "memory" -> new MemoryBenchmark(settings, findings).run();
            case "methods" -> new MethodMemoryBenchmark(settings, findings).run();
            case "startup" -> new StartupBenchmark(settings, findings).run();
            case "idle" -> new IdleBenchmark(settings, findings).run();
            case "decomposition" -> new DecompositionBenchmark(settings, findings).run();
            default -> throw new IllegalArgumentException("no part of the benchmarks: " + part);
        };
    }

    private static void write(
            Settings settings, Machine machine, Findings findings, Page page, Map<String, Object> details)
            throws IOException {
        Map<String, Object> torch = torch(settings);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS));
        json.put("machine", machine.toJson());
        json.put("torch", torch);
        json.put("settings", settingsJson(settings));
        json.put("findings", findings.all().stream().map(Finding::toJson).toList());
        json.put("notes", findings.notes());
        json.put("details", details);
        Path results = settings.output().resolve("results.json");
        Files.writeString(results, Json.write(json));
        List<Path> written = new ArrayList<>(List.of(results));
        List<Finding> budgeted = SpeedPage.budgeted(findings);
        if (!budgeted.isEmpty()) {
            Path picture = settings.output().resolve("results.png");
            BarChart.write("Measured against the budgets", budgeted, picture);
            written.add(picture);
        }
        written.addAll(page.write(SpeedPage.opening(settings, machine, findings, torch)));
        written.forEach(
                file -> System.out.println("Written: " + file.toAbsolutePath().normalize()));
    }

    /** What the other side of the comparison runs on; nothing where there is none. */
    private static Map<String, Object> torch(Settings settings) throws IOException {
        if (settings.torch().isEmpty()) {
            return Map.of();
        }
        Optional<String> python = TorchArm.python();
        return python.isPresent() ? TorchArm.versions(python.get()) : Map.of();
    }

    private static Map<String, Object> settingsJson(Settings settings) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("parts", settings.parts());
        json.put("size", settings.size());
        json.put("networks", settings.networks());
        json.put("widths", settings.widths());
        json.put("batches", settings.batches());
        json.put("depth", settings.depth());
        json.put("ranks", settings.ranks());
        json.put("updaters", settings.updaters());
        json.put("fits", settings.fits());
        json.put("rounds", settings.rounds());
        json.put("sliceSeconds", settings.sliceSeconds());
        json.put("memoryWidth", settings.memoryWidth());
        json.put("startupRuns", settings.startupRuns());
        json.put("soakSteps", settings.soakSteps());
        return json;
    }
}
