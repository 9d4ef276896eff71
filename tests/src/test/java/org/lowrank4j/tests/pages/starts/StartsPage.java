package org.lowrank4j.tests.pages.starts;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.lowrank4j.tests.pages.Claim;
import org.lowrank4j.tests.pages.Claim.Outcome;
import org.lowrank4j.tests.pages.LearningCurves;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Recipe;
import org.lowrank4j.tests.pages.Result;
import org.lowrank4j.tests.pages.Run;

/** The page, with a chart per task. Every sentence about results is made from the numbers. */
final class StartsPage {

    /** Curves that a chart can show apart. */
    private static final int CURVES = 6;

    private static final int CHART_STEP = 100;

    private final Starts starts;
    private final Map<Start, List<Result>> results;
    private final Page page;
    private final int steps;

    /**
     * @param bases accuracy of the base models on the digits that they know, 0 to 1
     * @param results one for each target, in the order of the table
     */
    StartsPage(Starts starts, Map<Start.Base, Double> bases, Map<Start, List<Result>> results) {
        this.starts = starts;
        this.results = results;
        steps = starts.recipe().steps();
        page = Page.onDigits(
                starts.settings(),
                "starts",
                "How the starts compare",
                "Every start of low-rank factors, with the same rank and a learning rate chosen in the same way, on two tasks.");
        setting(bases);
        for (Target target : Target.values()) {
            table(target);
        }
        claims();
        rules();
    }

    String markdown() {
        return page.markdown();
    }

    void write() throws IOException {
        page.write();
    }

    private void setting(Map<Start.Base, Double> bases) {
        Recipe base = starts.baseRecipe();
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "Base: a %s network, ReLU, trained on the upright digits %d to %d with Adam (%,d steps of %d):"
                        + " %.2f %% of its test digits. Its copy with the hidden layers' weights rounded to %d bits: %.2f %%.",
                base.network(),
                Target.KNOWN.least(),
                Target.KNOWN.most(),
                base.steps(),
                base.batch(),
                100 * bases.get(Start.Base.TRAINED),
                RoundedWeights.BITS,
                100 * bases.get(Start.Base.ROUNDED)));
        for (Target target : Target.values()) {
            page.item(target.title + ": " + target.meaning + ".");
        }
        page.item(String.format(
                Locale.ROOT,
                "Adapted for %d steps of %d on up to %,d digits, with Adam. Rank %d for all; the output layer is trained"
                        + " in full by every arm.",
                steps,
                base.batch(),
                Starts.TRAINING_DIGITS,
                Start.RANK));
        page.item(String.format(
                Locale.ROOT,
                "Rates: each arm takes the one of %s with the lowest mean training loss over all steps, on a seed of its"
                        + " own: a rate that is fast and ends well. A * marks a rate at the edge of these.",
                starts.grid()));
        page.item(String.format(
                Locale.ROOT,
                "Numbers: %s, none of them the one that chose the rate%s. Losses are the running mean of the training"
                        + " loss. Accuracy is that of the test digits at the end.",
                seeds(),
                starts.settings().seeds() == 1 ? "" : "; mean +- standard deviation"));
        page.item(
                "Time to start: from the call of `fit` to the end of the first step, less a later step; the median, with one"
                        + " thread. Stock training's is what DL4J itself takes.");
    }

    private String seeds() {
        int seeds = starts.settings().seeds();
        return seeds == 1 ? "1 seed" : seeds + " seeds";
    }

    private List<Metric> columns(Target target) {
        List<Metric> columns = new ArrayList<>();
        Metric.SHOWN_STEPS.forEach(shown -> columns.add(Metric.lossAfter(shown)));
        columns.add(Metric.stepsTo(starts.targetLoss()));
        columns.add(Metric.ACCURACY);
        if (!target.newHead) {
            columns.add(Metric.KEPT);
        }
        columns.add(Metric.TRAINED);
        columns.add(Metric.START);
        return columns;
    }

    private void table(Target target) {
        page.section(target.title);
        List<Metric> columns = columns(target);
        page.header(row("start", columns.stream().map(Metric::title), "rate"));
        results.forEach((start, all) -> {
            Result result = all.get(target.ordinal());
            page.row(row(
                    start.name(),
                    columns.stream().map(column -> column.cell(result.values(column.value()), steps)),
                    result.shownRate()));
        });
        page.chart(
                "-" + target,
                "Learning curves",
                LearningCurves.of(target.title + ", training loss, " + seeds(), curves(target)));
    }

    private static List<String> row(String first, Stream<String> cells, String last) {
        return Stream.of(Stream.of(first), cells, Stream.of(last))
                .flatMap(cell -> cell)
                .toList();
    }

    /** The arms to compare with, and the starts that are lowest early on, in the order of the table. */
    private Map<String, double[]> curves(Target target) {
        List<String> always = List.of(Arms.FULL, Arms.FROZEN, Arms.KAIMING);
        List<Result> all = results.values().stream()
                .map(result -> result.get(target.ordinal()))
                .toList();
        List<Result> chosen = new ArrayList<>(
                all.stream().filter(result -> always.contains(result.name())).toList());
        all.stream()
                .filter(result -> !always.contains(result.name()))
                .sorted(Comparator.comparingDouble(result -> result.mean(run -> run.lossAfter(CHART_STEP))))
                .limit(CURVES - chosen.size())
                .forEach(chosen::add);
        Map<String, double[]> curves = new LinkedHashMap<>();
        all.stream()
                .filter(chosen::contains)
                .forEach(result -> curves.put(result.name(), result.meanCurve(Run::losses)));
        return curves;
    }

    /** One comparison in all tasks, in the order of the tasks; nothing where there is none. */
    private record Compared(Claims.Expected claim, Claims.Check check, List<Optional<Claim>> verdicts) {}

    private void claims() {
        List<Compared> compared = compared();
        page.section("What the papers claim");
        if (compared.isEmpty()) {
            page.paragraph("None of these arms can be compared with what its paper claims.");
            return;
        }
        page.paragraph(
                "Each claim is about the models and data of its paper, mostly large language models; the question here is what of"
                        + " it shows on this small network. \"Yes\" and \"no\" are differences, paired by seed, whose mean is larger"
                        + " than their standard deviation; \"open\" ones are smaller. \"As good\" is refuted only by a difference"
                        + " larger than that.");
        long yes = count(compared, Outcome.YES);
        long no = count(compared, Outcome.NO);
        long open = count(compared, Outcome.OPEN);
        page.paragraph(String.format(
                Locale.ROOT,
                "Of %d comparisons %d agree with the papers, %d do not, and %d are open.",
                yes + no + open,
                yes,
                no,
                open));
        List<String> heads = new ArrayList<>(List.of("start", "claim", "so one expects"));
        for (Target target : Target.values()) {
            heads.add(target.title.toLowerCase(Locale.ROOT));
        }
        page.header(heads);
        String arm = "";
        for (Compared one : compared) {
            Claims.Expected claim = one.claim();
            boolean first = !claim.arm().equals(arm);
            arm = claim.arm();
            List<String> cells = new ArrayList<>(List.of(
                    first ? arm : "",
                    first ? claim.text() + " (" + claim.source() + ")" : "",
                    one.check().expectation()));
            one.verdicts()
                    .forEach(verdict -> cells.add(verdict.map(found -> found.outcome() + " (" + found.numbers() + ")")
                            .orElse("")));
            page.row(cells);
        }
        if (no == 0) {
            page.paragraph("Nothing here disagrees with the papers.");
            return;
        }
        page.paragraph("Where the numbers do not agree:");
        for (Compared one : compared) {
            for (Target target : Target.values()) {
                one.verdicts()
                        .get(target.ordinal())
                        .filter(verdict -> verdict.outcome() == Outcome.NO)
                        .ifPresent(verdict ->
                                page.item(target.title + ": " + one.claim().arm() + " does not show "
                                        + verdict.statement() + ": " + verdict.numbers() + "."));
            }
        }
    }

    private List<Compared> compared() {
        Map<String, List<Result>> named = new LinkedHashMap<>();
        results.forEach((start, all) -> named.put(start.name(), all));
        List<Compared> rows = new ArrayList<>();
        for (Claims.Expected claim : Claims.all(starts.targetLoss())) {
            for (Claims.Check check : claim.checks()) {
                if (named.containsKey(claim.arm()) && named.containsKey(check.than())) {
                    List<Optional<Claim>> verdicts = new ArrayList<>();
                    for (Target target : Target.values()) {
                        Result arm = named.get(claim.arm()).get(target.ordinal());
                        Result other = named.get(check.than()).get(target.ordinal());
                        verdicts.add(check.of(
                                arm.values(check.metric().value()),
                                other.values(check.metric().value()),
                                steps));
                    }
                    rows.add(new Compared(claim, check, verdicts));
                }
            }
        }
        return rows;
    }

    private static long count(List<Compared> rows, Outcome outcome) {
        return rows.stream()
                .flatMap(row -> row.verdicts().stream())
                .filter(verdict -> verdict.isPresent() && verdict.get().outcome() == outcome)
                .count();
    }

    private void rules() {
        page.section("The rules");
        page.paragraph(
                "What the agent was given for each row. Each rule follows its paper's scaling where it has one, and alpha = rank"
                        + " elsewhere.");
        page.header("start", "rule", "what it is");
        results.keySet().forEach(start -> {
            String rule = start.agentArguments("base.zip");
            page.row(List.of(start.name(), rule.isEmpty() ? "" : "`" + rule + "`", start.note()));
        });
    }
}
