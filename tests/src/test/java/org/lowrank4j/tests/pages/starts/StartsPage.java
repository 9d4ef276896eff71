package org.lowrank4j.tests.pages.starts;

import digits.DigitSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.tests.pages.Curve;
import org.lowrank4j.tests.pages.chart.LearningCurveChart;

/** The page in Markdown, and a chart per task. Every sentence about results is made from the numbers. */
final class StartsPage {

    private static final String COMMAND = "./mvnw -q -B -ntp -pl tests -am -DskipTests -Ppages -Dpage=starts%s verify";

    /** Curves a chart can show apart: that is how many colours it has. */
    private static final int CURVES = 6;

    private static final int CHART_STEP = 100;

    private final StartsSettings settings;
    private final Map<StartArm.Base, Double> bases;
    private final List<ArmResult> results;
    private final StringBuilder text = new StringBuilder();

    /**
     * @param bases accuracy of the base models on the digits that they know, 0 to 1
     * @param results one per arm, in the order of the table
     */
    StartsPage(StartsSettings settings, Map<StartArm.Base, Double> bases, List<ArmResult> results) {
        this.settings = settings;
        this.bases = bases;
        this.results = results;
    }

    /**
     * Writes page and charts.
     *
     * @return the files
     */
    List<Path> write() throws IOException {
        List<Path> files = new ArrayList<>();
        Path pictures = Files.createDirectories(settings.site().resolve("resources"));
        for (Task task : Task.values()) {
            Path chart = pictures.resolve(picture(task));
            LearningCurveChart.of(task.title + ", training loss, " + seeds(), curves(task))
                    .write(chart);
            files.add(chart);
        }
        Path page = Files.createDirectories(settings.site().resolve("markdown")).resolve("starts.md");
        Replacement.write(page, markdown());
        files.add(page);
        return files;
    }

    /** The page. */
    String markdown() {
        text.setLength(0);
        line("# How the starts compare");
        line("");
        line(
                "Every start of low-rank factors, with the same rank and a learning rate chosen in the same way, on two tasks."
                        + " This page is written by");
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
        for (Task task : Task.values()) {
            table(task);
        }
        claims();
        rules();
        return text.toString();
    }

    private void setting() {
        line("");
        line("## Setting");
        line("");
        line(String.format(
                Locale.ROOT,
                "- Base: a %d-%d-%d-%d network, ReLU, trained on the upright digits %d to %d with Adam (%,d steps of %d):"
                        + " %.2f %% of its test digits. Its copy with the hidden layers' weights rounded to %d bits: %.2f %%.",
                DigitSet.PIXELS,
                BaseModels.HIDDEN,
                BaseModels.HIDDEN,
                DigitSet.CLASSES,
                Task.LEAST_KNOWN,
                Task.MOST_KNOWN,
                settings.baseSteps(),
                BaseModels.BATCH,
                100 * bases.get(StartArm.Base.TRAINED),
                RoundedWeights.BITS,
                100 * bases.get(StartArm.Base.ROUNDED)));
        for (Task task : Task.values()) {
            line("- " + task.title + ": " + task.meaning + ".");
        }
        line(String.format(
                Locale.ROOT,
                "- Adapted for %d steps of %d on up to %,d digits, with Adam. Rank %d for all; the output layer is trained"
                        + " in full by every arm.",
                settings.steps(),
                BaseModels.BATCH,
                Adapt.TRAINING_DIGITS,
                StartArm.RANK));
        line(String.format(
                Locale.ROOT,
                "- Rates: each arm takes the one of %s with the lowest mean training loss over all steps, on a seed of its"
                        + " own: a rate that is fast and ends well. A * marks a rate at the edge of these.",
                settings.grid()));
        line(String.format(
                Locale.ROOT,
                "- Numbers: %s, none of them the one that chose the rate%s. Losses are the running mean of the training"
                        + " loss. Accuracy is that of the test digits at the end.",
                seeds(),
                settings.seeds() == 1 ? "" : "; mean +- standard deviation"));
        line(
                "- Time to start: from the call of `fit` to the end of the first step, less a later step; the median, with one"
                        + " thread. Stock training's is what DL4J itself takes.");
    }

    private String seeds() {
        return settings.seeds() == 1 ? "1 seed" : settings.seeds() + " seeds";
    }

    private List<Metric> columns(Task task) {
        List<Metric> columns = new ArrayList<>();
        Metric.SHOWN_STEPS.forEach(steps -> columns.add(Metric.lossAfter(steps)));
        columns.add(Metric.stepsTo(settings.targetLoss()));
        columns.add(Metric.ACCURACY);
        if (!task.newHead) {
            columns.add(Metric.KEPT);
        }
        columns.add(Metric.TRAINED);
        columns.add(Metric.START);
        return columns;
    }

    private void table(Task task) {
        line("");
        line("## " + task.title);
        line("");
        List<Metric> columns = columns(task);
        row("start", columns.stream().map(Metric::title).toList(), "rate");
        row("---", columns.stream().map(column -> "---").toList(), "---");
        for (ArmResult result : results) {
            double rate = result.rate(task);
            row(
                    result.arm().name(),
                    columns.stream()
                            .map(column -> column.cell(result.values(task, column), settings.steps()))
                            .toList(),
                    RateGrid.shown(rate) + (settings.grid().isEdge(rate) ? " *" : ""));
        }
        line("");
        line("![Learning curves](../resources/" + picture(task) + ")");
    }

    private void row(String first, List<String> cells, String last) {
        line("| " + first + " | " + String.join(" | ", cells) + " | " + last + " |");
    }

    private static String picture(Task task) {
        return "starts-" + task + ".png";
    }

    /** The arms to compare with, and the starts that are lowest early on, in the order of the table. */
    private List<Curve> curves(Task task) {
        List<String> always = List.of(Arms.FULL, Arms.FROZEN, Arms.KAIMING);
        Metric early = Metric.lossAfter(CHART_STEP);
        List<ArmResult> chosen = new ArrayList<>(results.stream()
                .filter(result -> always.contains(result.arm().name()))
                .toList());
        results.stream()
                .filter(result -> !always.contains(result.arm().name()))
                .sorted(Comparator.comparingDouble(
                        result -> Spread.of(result.values(task, early)).mean()))
                .limit(CURVES - chosen.size())
                .forEach(chosen::add);
        return chosen.stream()
                .sorted(Comparator.comparingInt(results::indexOf))
                .map(result -> new Curve(result.arm().name(), result.meanLosses(task)))
                .toList();
    }

    private void claims() {
        List<ClaimRow> rows = claimRows();
        line("");
        line("## What the papers claim");
        line("");
        if (rows.isEmpty()) {
            line("None of these arms can be compared with what its paper claims.");
            return;
        }
        line(
                "Each claim is about the models and data of its paper, mostly large language models; the question here is what of"
                        + " it shows on this small network. \"Yes\" and \"no\" are differences, paired by seed, whose mean is larger"
                        + " than their standard deviation; \"open\" ones are smaller. \"As good\" is refuted only by a difference"
                        + " larger than that.");
        line("");
        line(summary(rows));
        line("");
        row("start", List.of("claim", "so one expects"), titles());
        row("---", List.of("---", "---"), titles().replaceAll("[^|]+", " --- ").strip());
        String arm = "";
        for (ClaimRow claim : rows) {
            boolean first = !claim.claim().arm().equals(arm);
            arm = claim.claim().arm();
            row(
                    first ? arm : "",
                    List.of(
                            first ? claim.claim().text() + " (" + claim.claim().source() + ")" : "",
                            claim.expectation()),
                    String.join(
                            " | ", claim.verdicts().stream().map(Verdict::cell).toList()));
        }
        disagreements(rows);
    }

    private static String titles() {
        List<String> titles = new ArrayList<>();
        for (Task task : Task.values()) {
            titles.add(task.title.toLowerCase(Locale.ROOT));
        }
        return String.join(" | ", titles);
    }

    /** One comparison in all tasks; verdicts in the order of the tasks. */
    private record ClaimRow(Claim claim, Claim.Check check, List<Verdict> verdicts) {

        String expectation() {
            String than = check.than();
            return check.expectation() == Claim.Expectation.BETTER
                    ? check.metric().better() + " than " + than
                    : check.metric().title() + " as good as that of " + than;
        }
    }

    private List<ClaimRow> claimRows() {
        List<ClaimRow> rows = new ArrayList<>();
        for (Claim claim : Claims.all(settings.targetLoss())) {
            for (Claim.Check check : claim.checks()) {
                ArmResult arm = result(claim.arm());
                ArmResult other = result(check.than());
                if (arm != null && other != null) {
                    List<Verdict> verdicts = new ArrayList<>();
                    for (Task task : Task.values()) {
                        verdicts.add(Verdict.of(
                                check,
                                arm.values(task, check.metric()),
                                other.values(task, check.metric()),
                                settings.steps()));
                    }
                    rows.add(new ClaimRow(claim, check, verdicts));
                }
            }
        }
        return rows;
    }

    private ArmResult result(String name) {
        return results.stream()
                .filter(result -> result.arm().name().equals(name))
                .findFirst()
                .orElse(null);
    }

    private static String summary(List<ClaimRow> rows) {
        long yes = count(rows, Verdict.Outcome.YES);
        long no = count(rows, Verdict.Outcome.NO);
        long open = count(rows, Verdict.Outcome.OPEN);
        return String.format(
                Locale.ROOT,
                "Of %d comparisons %d agree with the papers, %d do not, and %d are open.",
                yes + no + open,
                yes,
                no,
                open);
    }

    private static long count(List<ClaimRow> rows, Verdict.Outcome outcome) {
        return rows.stream()
                .flatMap(row -> row.verdicts().stream())
                .filter(verdict -> verdict.outcome() == outcome)
                .count();
    }

    private void disagreements(List<ClaimRow> rows) {
        line("");
        if (count(rows, Verdict.Outcome.NO) == 0) {
            line("Nothing here disagrees with the papers.");
            return;
        }
        line("Where the numbers do not agree:");
        line("");
        for (ClaimRow row : rows) {
            for (Task task : Task.values()) {
                Verdict verdict = row.verdicts().get(task.ordinal());
                if (verdict.outcome() == Verdict.Outcome.NO) {
                    line("- " + task.title + ": " + row.claim().arm() + " does not show " + row.expectation() + ": "
                            + verdict.numbers() + ".");
                }
            }
        }
    }

    private void rules() {
        line("");
        line("## The rules");
        line("");
        line(
                "What the agent was given for each row. Each rule follows its paper's scaling where it has one, and alpha = rank"
                        + " elsewhere.");
        line("");
        row("start", List.of("rule"), "what it is");
        row("---", List.of("---"), "---");
        for (ArmResult result : results) {
            StartArm arm = result.arm();
            row(arm.name(), List.of(arm.usesAgent() ? "`" + arm.shownRule() + "`" : ""), arm.note());
        }
    }

    private void line(String line) {
        text.append(line).append('\n');
    }
}
