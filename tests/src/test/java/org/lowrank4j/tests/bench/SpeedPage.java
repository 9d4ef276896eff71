package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What the page about speed says before and after the parts that write their own sections. */
final class SpeedPage {

    private static final String COMMAND = "./mvnw -B -ntp -pl tests -am -DskipTests -Pbench%s verify";

    /** Load average for each processor from which on others took part of them. */
    private static final double BUSY = 0.5;

    private static final int DECIMALS = 3;

    private SpeedPage() {}

    /** Title, how to measure, the machine, and the budgets. */
    static String opening(Settings settings, Machine machine, Findings findings, Map<String, Object> torch) {
        StringBuilder text = new StringBuilder("# Speed and memory\n\n");
        if (machine.load() > BUSY * machine.processors()) {
            text.append(String.format(
                    Locale.ROOT,
                    "**A draft, measured on a busy machine** (load average %.1f on %d processors when it started): ratios within"
                            + " a round are indications, and nothing here is a number to quote.%n%n",
                    machine.load(),
                    machine.processors()));
        }
        text.append("Written by\n\n```sh\n")
                .append(String.format(Locale.ROOT, COMMAND, options(settings)))
                .append("\n```\n\n");
        text.append("""
                which takes about 45 minutes on two free cores. `-Dbench.size=quick` takes a few minutes, `-Dbench.size=full` \
                measures every combination of networks, widths, batches, ranks, updaters and fits, which takes many hours; \
                `-Dbench=step,growth` and the like choose parts, `-Dbench.widths=512 -Dbench.ranks=4,16` and the like other \
                values, and `-Dbench.torch=SCRIPT` adds PyTorch. Page and pictures go to `tests/target/bench/site` unless \
                `-Dbench.site=DIR` says otherwise; all numbers are in `tests/target/bench/results.json`.

                Contestants take turns in short slices, each in a process of its own with one thread. Times are CPU times of the \
                training thread, so that others on the machine disturb little: median (least .. greatest) of the rounds. Ratios \
                are taken within each round. `iterator` is `fit(DataSetIterator)` over minibatches in memory, whole fits of 10 to \
                50 minibatches divided by their number; `dataset` is `fit(DataSet)`, one step at a time.

                """);
        text.append("| | |\n| --- | --- |\n");
        row(text, "processor", machine.cpu() + ", " + machine.processors() + " used");
        row(text, "its vector units", String.join(" ", machine.cpuFlags()));
        machine.versions().forEach((name, version) -> row(text, name, version));
        torch.forEach((name, version) -> row(text, "PyTorch's side: " + name, version.toString()));
        row(
                text,
                "environment",
                machine.environment().entrySet().stream()
                        .map(one -> one.getKey() + "=" + one.getValue())
                        .collect(Collectors.joining(" ")));
        text.append('\n');
        findings.notes().forEach(note -> text.append(note).append("\n\n"));
        List<Finding> budgeted = budgeted(findings);
        if (!budgeted.isEmpty()) {
            text.append("## Budgets\n\n").append(table(budgeted));
        }
        return text.toString();
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
        page.text(table(findings.all().stream()
                        .filter(one -> one.part().equals(part))
                        .toList())
                .stripTrailing());
    }

    private static String options(Settings settings) {
        List<String> options = new ArrayList<>();
        if (!settings.size().equals(Settings.SIZES.get(0))) {
            options.add(" -Dbench.size=" + settings.size());
        }
        if (!settings.parts().equals(Settings.PARTS)) {
            options.add(" -Dbench=" + String.join(",", settings.parts()));
        }
        if (settings.torch().isPresent()) {
            options.add(" -Dbench.torch=SCRIPT");
        }
        return String.join("", options);
    }

    private static String table(List<Finding> findings) {
        List<List<String>> rows = findings.stream()
                .map(one -> List.of(
                        one.setting(),
                        one.quantity(),
                        one.value().format(DECIMALS) + (one.unit().isEmpty() ? "" : " " + one.unit()),
                        one.hasBudget() ? String.format(Locale.ROOT, "%.2f", one.budget()) : "",
                        one.verdict()))
                .toList();
        return Page.markdown(List.of("setting", "what", "measured", "budget", ""), rows);
    }

    private static void row(StringBuilder text, String name, String value) {
        text.append("| ").append(name).append(" | ").append(value).append(" |\n");
    }
}
