package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.lowrank4j.tests.pages.Page;

/** What the page about speed says before and after the parts that write their own sections. */
final class SpeedPage {

    /** Load average for each processor from which on others took part of them. */
    private static final double BUSY = 0.5;

    private static final int DECIMALS = 3;

    private SpeedPage() {}

    /** Title, how to measure, the machine, and the budgets. */
    static void opening(
            Page page, SpeedSettings settings, Machine machine, Findings findings, Map<String, String> torch) {
        page.paragraph("# Speed and memory");
        if (machine.load() > BUSY * machine.processors()) {
            page.paragraph(String.format(
                    Locale.ROOT,
                    "**A draft, measured on a busy machine** (load average %.1f on %d processors when it started): ratios within"
                            + " a round are indications, and nothing here is a number to quote.",
                    machine.load(),
                    machine.processors()));
        }
        page.paragraph("Written by");
        page.command(options(settings));
        page.paragraph("""
                which takes a few hours on two free cores, most of them stock's. `--quick` takes a few minutes, `--full` measures every combination \
                of dense networks, widths, batches, ranks, updaters and fits, which takes many hours; `--parts step,growth` and the like \
                choose parts, `--networks conv,lstm --ranks 4,16` and the like other values, and `--onednn CLASSPATH` adds oneDNN. \
                PyTorch takes part where python3 can import it. Page and \
                pictures go to `tests/target/pages/speed/site` unless `--site DIR` says otherwise; all numbers are in \
                `tests/target/pages/speed/results.json`.""");
        page.paragraph("""
                Contestants take turns in short slices, each in a process of its own with one thread. Times are CPU times of the \
                training thread, so that others on the machine disturb little: median (least .. greatest) of the rounds. Ratios \
                are taken within each round. `iterator` is `fit(DataSetIterator)` over minibatches in memory, whole fits of 10 to \
                50 minibatches divided by their number; `dataset` is `fit(DataSet)`, one step at a time.""");
        page.header("", "");
        page.row(List.of("processor", machine.cpu() + ", " + machine.processors() + " used"));
        page.row(List.of("its vector units", String.join(" ", machine.cpuFlags())));
        machine.versions().forEach((name, version) -> page.row(List.of(name, version)));
        torch.forEach((name, version) -> page.row(List.of("PyTorch's side: " + name, version)));
        page.row(List.of(
                "environment",
                machine.environment().entrySet().stream()
                        .map(one -> one.getKey() + "=" + one.getValue())
                        .collect(Collectors.joining(" "))));
        findings.notes().forEach(page::paragraph);
        List<Finding> budgeted = budgeted(findings);
        if (!budgeted.isEmpty()) {
            page.section("Budgets");
            table(page, budgeted);
        }
    }

    /** What the design allows, without the soak, which has its own table and bounds. */
    static List<Finding> budgeted(Findings findings) {
        return findings.all().stream()
                .filter(Finding::hasBudget)
                .filter(one -> !one.part().equals(SoakBenchmark.PART))
                .toList();
    }

    /** The findings of a part that writes no section itself. */
    static void section(Page page, String part, Findings findings) {
        page.section(part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1));
        table(
                page,
                findings.all().stream().filter(one -> one.part().equals(part)).toList());
    }

    private static String options(SpeedSettings settings) {
        List<String> options = new ArrayList<>();
        if (settings.quick()) {
            options.add("--quick");
        }
        if (settings.combineAll()) {
            options.add("--full");
        }
        if (!settings.parts().equals(SpeedSettings.PARTS)) {
            options.add("--parts " + String.join(",", settings.parts()));
        }
        if (settings.networksAreChosen()) {
            options.add("--networks " + String.join(",", settings.networks()));
        }
        if (!settings.oneDnn().isEmpty()) {
            options.add("--onednn CLASSPATH");
        }
        return String.join(" ", options);
    }

    private static void table(Page page, List<Finding> findings) {
        page.table(
                List.of("setting", "what", "measured", "budget", ""),
                findings.stream()
                        .map(one -> List.of(
                                one.setting(),
                                one.quantity(),
                                one.value().format(DECIMALS) + (one.unit().isEmpty() ? "" : " " + one.unit()),
                                one.hasBudget() ? String.format(Locale.ROOT, "%.2f", one.budget()) : "",
                                one.verdict()))
                        .toList());
    }
}
