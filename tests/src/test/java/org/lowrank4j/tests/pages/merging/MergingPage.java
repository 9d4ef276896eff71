package org.lowrank4j.tests.pages.merging;

import digits.DigitSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lowrank4j.file.Replacement;

/** The page in Markdown, and its chart. Every sentence about results is made from the numbers. */
final class MergingPage {

    private static final String COMMAND = "./mvnw -q -B -ntp -pl tests -am -DskipTests -Ppages -Dpage=merging%s verify";

    private static final String PICTURE = "merging.png";

    /** Bytes of a number in a file: float. */
    private static final int BYTES = 4;

    private final MergingSettings settings;
    private final Results results;
    private final StringBuilder text = new StringBuilder();

    MergingPage(MergingSettings settings, Results results) {
        this.settings = settings;
        this.results = results;
    }

    /**
     * Writes page and chart.
     *
     * @return the files
     */
    List<Path> write() throws IOException {
        Path chart =
                Files.createDirectories(settings.site().resolve("resources")).resolve(PICTURE);
        StorageChart.of(results).write(chart);
        Path page = Files.createDirectories(settings.site().resolve("markdown")).resolve("merging.md");
        Replacement.write(page, markdown());
        return List.of(chart, page);
    }

    /** The page. */
    String markdown() {
        text.setLength(0);
        line("# Merging of adapters");
        line("");
        line(String.format(
                Locale.ROOT,
                "%d adapters of one network in less room: merged into one adapter for all tasks, merged reversibly, or"
                        + " cut to lower ranks. This page is written by",
                settings.tasks().size()));
        line("");
        line("```sh");
        line(String.format(Locale.ROOT, COMMAND, settings.drawn() ? "" : " -Dpage.args=\"--data DIR\""));
        line("```");
        line("");
        line(
                settings.drawn()
                        ? "with the digits that the example draws itself, **not with MNIST**: the numbers say nothing about"
                                + " other data."
                        : "where DIR has the four MNIST files.");
        setting();
        table();
        findings();
        spectrum();
        tasks();
        return text.toString();
    }

    private void setting() {
        line("");
        line("## Setting");
        line("");
        line(String.format(
                Locale.ROOT,
                "- Base: a %d-%d-%d-%d network, ReLU, trained on upright digits with Adam (%,d steps of %d): %.2f %% of the"
                        + " test digits.",
                DigitSet.PIXELS,
                BaseModel.HIDDEN,
                BaseModel.HIDDEN,
                DigitSet.CLASSES,
                settings.baseSteps(),
                BaseModel.BATCH,
                100 * results.base()));
        line("- Tasks: the digits turned by "
                + settings.tasks().stream()
                        .map(task -> Integer.toString(task.degrees()))
                        .collect(Collectors.joining(", "))
                + " degrees.");
        line(String.format(
                Locale.ROOT,
                "- Adapters: one per task, each trained from the base for %d steps of %d on up to %,d digits with Adam,"
                        + " rate %s, from a random start of its own. The agent was given `%s`: factors for both hidden"
                        + " layers, while output layer and biases stay those of the base, so that the tasks differ in the"
                        + " factors only.",
                settings.steps(),
                BaseModel.BATCH,
                TrainAdapters.TRAINING_DIGITS,
                TrainAdapters.RATE,
                settings.rule()));
        line(String.format(
                Locale.ROOT,
                "- Merges into one: the weight, equal for all adapters, out of %s and, where a way drops entries, the part"
                        + " that stays (density) out of %s are those with the highest mean accuracy on %,d turned digits per"
                        + " task that nothing was trained on. A * marks a weight at the edge of these.",
                list(Tuning.WEIGHTS),
                list(Tuning.DENSITIES),
                settings.validation()));
        line(
                "- RMM (arXiv 2510.14163) keeps p basis vectors per row of A and column of B, their mean, and p coefficients per"
                        + " adapter; an adapter is rebuilt for its task. So the task has to be known, as with separate adapters.");
        line(
                "- Accuracy is that of the test digits; storage counts every number as a float (in memory, RMM keeps doubles)."
                        + " One set of adapters, so differences below a point mean little.");
    }

    private static String list(List<Double> values) {
        return values.stream()
                .map(value -> Double.toString(value).replaceAll("\\.0$", ""))
                .collect(Collectors.joining(", "));
    }

    private void table() {
        line("");
        line("## Accuracy against storage");
        line("");
        row("way", "settings", "mean accuracy", "worst task", "storage", "of the separate adapters");
        row("---", "---", "---", "---", "---", "---");
        for (Row.Kind kind : Row.Kind.values()) {
            switch (kind) {
                case BASE, SEPARATE -> {}
                case ONE -> row("**one adapter for all tasks**", "", "", "", "", "");
                case REVERSIBLE -> row("**each task its own, rebuilt from a merge**", "", "", "", "", "");
                case TRUNCATED -> row("**each task its own**", "", "", "", "", "");
            }
            for (Row row : results.of(kind)) {
                row(
                        row.title(),
                        row.settings(),
                        percent(row.mean(), 2),
                        percent(row.worst(), 2),
                        String.format(Locale.ROOT, "%,.0f KiB", (double) BYTES * row.numbers() / 1024),
                        percent(row.storage(results.separate()), 1));
            }
        }
        line("");
        line("![Accuracy against storage](../resources/" + PICTURE + ")");
        line("");
        for (Way way : Way.values()) {
            line("- " + way.title + ": " + way.note + ".");
        }
    }

    private void findings() {
        line("");
        line("## What the numbers say");
        line("");
        for (Finding finding : Finding.all(results)) {
            line("- " + finding.statement() + ": **" + (finding.holds() ? "yes" : "no") + "** (" + finding.numbers()
                    + ").");
        }
    }

    private void spectrum() {
        line("");
        line("## The error of reversible merging");
        line("");
        line(
                "The squared error of all factors, measured on the rebuilt adapters, next to the sum of the squared singular"
                        + " values that the basis leaves out. Both are about the factors U sqrt(S) and sqrt(S) V^T of each adapter's"
                        + " product.");
        line("");
        row("p", "measured error", "dropped spectrum", "their difference, of all squares", "error, of all squares");
        row("---", "---", "---", "---", "---");
        for (Reconstruction reconstruction : results.reconstructions()) {
            row(
                    Integer.toString(reconstruction.basis()),
                    String.format(Locale.ROOT, "%.6g", reconstruction.error()),
                    String.format(Locale.ROOT, "%.6g", reconstruction.dropped()),
                    String.format(Locale.ROOT, "%.1e", reconstruction.difference()),
                    percent(reconstruction.error() / reconstruction.energy(), 1));
        }
    }

    private void tasks() {
        line("");
        line("## The tasks");
        line("");
        List<String> heads = new ArrayList<>(List.of("turned by"));
        settings.tasks().forEach(task -> heads.add(Integer.toString(task.degrees())));
        row(heads.toArray(String[]::new));
        row(heads.stream().map(head -> "---").toArray(String[]::new));
        for (Row row : results.rows()) {
            List<String> cells = new ArrayList<>();
            cells.add(
                    row.kind() == Row.Kind.ONE || row.kind() == Row.Kind.BASE
                            ? row.title()
                            : row.title() + ", " + row.settings());
            for (double accuracy : row.accuracies()) {
                cells.add(percent(accuracy, 1));
            }
            row(cells.toArray(String[]::new));
        }
    }

    private static String percent(double part, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f %%", 100 * part);
    }

    private void row(String... cells) {
        line("| " + String.join(" | ", cells) + " |");
    }

    private void line(String line) {
        text.append(line).append('\n');
    }
}
