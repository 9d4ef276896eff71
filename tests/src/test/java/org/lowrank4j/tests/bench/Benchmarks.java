package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.lowrank4j.tests.pages.Json;
import org.lowrank4j.tests.pages.Page;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Runs the benchmarks that {@link SpeedSettings} name, prints a table and writes {@code results.json}, {@code results.png}
 * and the page about speed. A missed budget is reported and does not fail the run, because times belong to one machine; a long
 * training that keeps what it should give back fails it.
 */
@Command(
        name = "speed",
        mixinStandardHelpOptions = true,
        description =
                "Measures time and memory against stock DL4J, the bare products and PyTorch, and writes the page.")
public final class Benchmarks implements Callable<Integer> {

    @Mixin
    private SpeedSettings settings;

    @Override
    public Integer call() throws IOException {
        Map<String, Object> asked = settings.all();
        Findings findings = new Findings();
        Map<String, Object> details = new LinkedHashMap<>();
        Machine machine = Machine.here();
        Page parts = new Page(settings.site(), "speed");
        for (String part : settings.parts()) {
            System.out.println(part);
            details.put(part, run(part, settings, findings, parts));
        }
        System.out.println();
        System.out.println(findings.table());
        Map<String, String> torch = torch();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        json.put("machine", machine);
        json.put("torch", torch);
        json.put("settings", asked);
        json.put("findings", findings.all());
        json.put("notes", findings.notes());
        json.put("details", details);
        Json.write(settings.out().resolve("results.json"), json);
        List<Finding> budgeted = SpeedPage.budgeted(findings);
        if (!budgeted.isEmpty()) {
            BudgetChart.of("Measured against the budgets", budgeted)
                    .write(settings.out().resolve("results.png"));
        }
        System.out.println("Written: results.json and results.png in " + settings.out());
        Page page = new Page(settings.site(), "speed");
        SpeedPage.opening(page, settings, machine, findings, torch);
        page.append(parts);
        page.write();
        if (findings.all().stream().anyMatch(one -> one.part().equals(SoakBenchmark.PART) && !one.met())) {
            System.err.println("A long training keeps what it should give back; the table says what.");
            return 1;
        }
        return 0;
    }

    private static Map<String, Object> run(String part, SpeedSettings settings, Findings findings, Page page)
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

    private static Map<String, Object> runTabled(String part, SpeedSettings settings, Findings findings)
            throws IOException {
        return switch (part) {
            case "memory" -> new MemoryBenchmark(settings, findings).run();
            case "startup" -> new StartupBenchmark(settings, findings).run();
            case "idle" -> new IdleBenchmark(settings, findings).run();
            case "decomposition" -> new DecompositionBenchmark(settings, findings).run();
            default -> throw new IllegalArgumentException("no part of the benchmarks: " + part);
        };
    }

    /** What the other side of the comparison runs on; nothing where there is none. */
    private static Map<String, String> torch() throws IOException {
        Optional<String> python = TorchArm.python();
        return python.isPresent() ? TorchArm.versions(python.get()) : Map.of();
    }
}
