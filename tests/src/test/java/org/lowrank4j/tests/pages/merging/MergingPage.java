package org.lowrank4j.tests.pages.merging;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lowrank4j.tests.pages.Form;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Recipe;

/** The page, with its chart. Every sentence about results is made from the numbers. */
final class MergingPage {

    private final Merging merging;
    private final Results results;
    private final Page page;

    MergingPage(Merging merging, Results results) {
        this.merging = merging;
        this.results = results;
        page = Page.onDigits(
                merging.settings(),
                "merging",
                "Merging of adapters",
                merging.angles().size()
                        + " adapters of one network in less room: merged into one adapter for all tasks, merged reversibly, or"
                        + " cut to lower ranks.");
        setting();
        table();
        page.section("What the numbers say");
        page.claims(MergingClaims.all(results));
        spectrum();
        tasks();
    }

    String markdown() {
        return page.markdown();
    }

    void write() throws IOException {
        page.write();
    }

    private void setting() {
        Recipe base = merging.baseRecipe();
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "Base: a %s network, ReLU, trained on upright digits with Adam (%,d steps of %d): %.2f %% of the"
                        + " test digits.",
                base.network(),
                base.steps(),
                base.batch(),
                100 * results.base()));
        page.item("Tasks: the digits turned by "
                + merging.angles().stream().map(String::valueOf).collect(Collectors.joining(", ")) + " degrees.");
        page.item(String.format(
                Locale.ROOT,
                "Adapters: one per task, each trained from the base for %d steps of %d on up to %,d digits with Adam,"
                        + " rate %s, from a random start of its own. The agent was given `%s`: factors for both hidden"
                        + " layers, while output layer and biases stay those of the base, so that the tasks differ in the"
                        + " factors only.",
                merging.recipe().steps(),
                base.batch(),
                Merging.TRAINING_DIGITS,
                Merging.RATE,
                merging.rule()));
        page.item(String.format(
                Locale.ROOT,
                "Merges into one: the weight, equal for all adapters, out of %s and, where a way drops entries, the part"
                        + " that stays (density) out of %s are those with the highest mean accuracy on %,d turned digits per"
                        + " task that nothing was trained on. A * marks a weight at the edge of these.",
                list(Tuning.WEIGHTS),
                list(Tuning.DENSITIES),
                merging.validation()));
        page.item(
                "RMM (arXiv 2510.14163) keeps p basis vectors per row of A and column of B, their mean, and p coefficients per"
                        + " adapter; an adapter is rebuilt for its task. So the task has to be known, as with separate adapters.");
        page.item(
                "Accuracy is that of the test digits; storage counts every number as a float (in memory, RMM keeps doubles)."
                        + " One set of adapters, so differences below a point mean little.");
    }

    private static String list(List<Double> values) {
        return values.stream()
                .map(value -> Double.toString(value).replaceAll("\\.0$", ""))
                .collect(Collectors.joining(", "));
    }

    private void table() {
        page.section("Accuracy against storage");
        page.header("way", "settings", "mean accuracy", "worst task", "storage", "of the separate adapters");
        for (Row.Kind kind : Row.Kind.values()) {
            if (!kind.heading.isEmpty()) {
                page.row(List.of("**" + kind.heading + "**", "", "", "", "", ""));
            }
            for (Row row : results.of(kind)) {
                page.row(List.of(
                        row.title(),
                        row.settings(),
                        Form.PERCENT.apply(row.mean()),
                        Form.PERCENT.apply(row.worst()),
                        Form.KIBIBYTES.apply((double) Float.BYTES * row.numbers()),
                        Form.TENTHS_OF_PERCENT.apply(row.storage(results.separate()))));
            }
        }
        page.chart("", "Accuracy against storage", StorageChart.of(results));
        for (Way way : Way.values()) {
            page.item(way.title + ": " + way.note + ".");
        }
    }

    private void spectrum() {
        page.section("The error of reversible merging");
        page.paragraph(
                "The squared error of all factors, measured on the rebuilt adapters, next to the sum of the squared singular"
                        + " values that the basis leaves out. Both are about the factors U sqrt(S) and sqrt(S) V^T of each adapter's"
                        + " product.");
        page.header(
                "p", "measured error", "dropped spectrum", "their difference, of all squares", "error, of all squares");
        for (Reconstruction reconstruction : results.reconstructions()) {
            page.row(List.of(
                    Integer.toString(reconstruction.basis()),
                    String.format(Locale.ROOT, "%.6g", reconstruction.error()),
                    String.format(Locale.ROOT, "%.6g", reconstruction.dropped()),
                    String.format(Locale.ROOT, "%.1e", reconstruction.difference()),
                    Form.TENTHS_OF_PERCENT.apply(reconstruction.error() / reconstruction.energy())));
        }
    }

    private void tasks() {
        page.section("The tasks");
        List<String> heads = new ArrayList<>(List.of("turned by"));
        merging.angles().forEach(angle -> heads.add(Integer.toString(angle)));
        page.header(heads);
        for (Row row : results.rows()) {
            List<String> cells = new ArrayList<>();
            cells.add(
                    row.kind() == Row.Kind.ONE || row.kind() == Row.Kind.BASE
                            ? row.title()
                            : row.title() + ", " + row.settings());
            for (double accuracy : row.accuracies()) {
                cells.add(Form.TENTHS_OF_PERCENT.apply(accuracy));
            }
            page.row(cells);
        }
    }
}
