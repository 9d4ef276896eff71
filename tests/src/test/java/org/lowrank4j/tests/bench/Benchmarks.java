package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the benchmarks that {@link Settings} name, prints a table and writes {@code results.json} and {@code results.png}.
 * A missed budget is reported and does not fail the run: times belong to one machine.
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
        for (String part : settings.parts()) {
            System.out.println(part);
            details.put(part, run(part, settings, findings));
        }
        System.out.println();
        System.out.println(findings.table());
        write(settings, machine, findings, details);
    }

    private static Map<String, Object> run(String part, Settings settings, Findings findings) throws IOException {
        return switch (part) {
            case "step" -> new StepBenchmark(settings, findings).run();
            case "memory" -> new MemoryBenchmark(settings, findings).run();
            case "methods" -> new MethodMemoryBenchmark(settings, findings).run();
            case "startup" -> new StartupBenchmark(settings, findings).run();
            case "idle" -> new IdleBenchmark(settings, findings).run();
            case "decomposition" -> new DecompositionBenchmark(settings, findings).run();
            default -> throw new IllegalArgumentException("no part of the benchmarks: " + part);
        };
    }

    private static void write(Settings settings, Machine machine, Findings findings, Map<String, Object> details)
            throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS));
        json.put("machine", machine.toJson());
        json.put("settings", settingsJson(settings));
        json.put("findings", findings.all().stream().map(Finding::toJson).toList());
        json.put("notes", findings.notes());
        json.put("details", details);
        Path results = settings.output().resolve("results.json");
        Files.writeString(results, Json.write(json));
        System.out.println("Written: " + results.toAbsolutePath().normalize());
        List<Finding> budgeted =
                findings.all().stream().filter(Finding::hasBudget).toList();
        if (!budgeted.isEmpty()) {
            Path picture = settings.output().resolve("results.png");
            BarChart.write("Measured against the budgets", budgeted, picture);
            System.out.println("Written: " + picture.toAbsolutePath().normalize());
        }
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
