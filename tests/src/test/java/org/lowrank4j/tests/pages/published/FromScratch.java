package org.lowrank4j.tests.pages.published;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.lowrank4j.tests.pages.Arm;
import org.lowrank4j.tests.pages.Chart;
import org.lowrank4j.tests.pages.Chart.Axis;
import org.lowrank4j.tests.pages.Chart.Legend;
import org.lowrank4j.tests.pages.Chart.Line;
import org.lowrank4j.tests.pages.Chart.Mark;
import org.lowrank4j.tests.pages.Claim;
import org.lowrank4j.tests.pages.Criterion;
import org.lowrank4j.tests.pages.DigitSettings;
import org.lowrank4j.tests.pages.Form;
import org.lowrank4j.tests.pages.Optimiser;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.RateGrid;
import org.lowrank4j.tests.pages.Recipe;
import org.lowrank4j.tests.pages.Result;
import org.lowrank4j.tests.pages.Run;
import org.lowrank4j.tests.pages.Training;
import org.lowrank4j.tests.pages.Trials;

/** Training from scratch with few trained parameters: SwitchLoRA and ReLoRA against LoRA and full rank. */
public final class FromScratch {

    /** The first digits of the training set, which choose rates and train nothing. */
    private static final int VALIDATION_DIGITS = 5_000;

    private static final String PAGE = "from-scratch";
    private static final Criterion CRITERION = Criterion.VALIDATION_LOSS;
    private static final String FULL = "full";
    private static final String WARM = ", warm";

    private final DigitSettings settings;
    private final Recipe recipe;
    private final RateGrid rates;
    private final List<Integer> ranks;
    private final Map<String, Result> results = new LinkedHashMap<>();

    public FromScratch(DigitSettings settings) {
        this.settings = settings;
        boolean quick = settings.quick();
        int epochs = 4;
        int epochSteps = quick ? 20 : 250;
        recipe = new Recipe(
                List.of(256, 256),
                false,
                quick ? 5_000 : 55_000,
                64,
                epochs,
                epochSteps,
                1_000,
                0,
                epochs * epochSteps,
                0);
        rates = RateGrid.parse(quick ? "3e-3" : "1e-3,3e-3,1e-2,3e-2");
        ranks = quick ? List.of(8) : List.of(8, 32);
    }

    public void run() throws IOException, InterruptedException {
        Trials trials = new Trials(settings, 1 + ranks.size() * arms(8).size());
        Training training = Training.ofNew(settings.data(), recipe, VALIDATION_DIGITS);
        Result full =
                trials.run(new Arm(FULL, Optimiser.ADAM, rates, "", "every weight is trained"), training, CRITERION);
        results.put(FULL, full);
        Path warm = settings.out().resolve("warm");
        List<Integer> seeds = new ArrayList<>(List.of(RateGrid.TUNING_SEED));
        full.runs().forEach(run -> seeds.add(run.seed()));
        trials.train(
                full.arm().at(full.rate()),
                Training.ofNew(settings.data(), recipe.first(1), VALIDATION_DIGITS)
                        .savingTo(warm),
                seeds);
        Training rest = Training.ofNew(settings.data(), recipe.after(1), VALIDATION_DIGITS)
                .startingFrom(warm);
        for (int rank : ranks) {
            for (Arm arm : arms(rank)) {
                results.put(arm.name(), trials.run(arm, isWarm(arm.name()) ? rest : training, CRITERION));
            }
        }
        page().write();
    }

    private static boolean isWarm(String arm) {
        return arm.endsWith(WARM);
    }

    private List<Arm> arms(int rank) {
        String common = "rank=" + rank + ",bias=all";
        String lora = common + ",alpha=" + rank;
        int restart = recipe.epochSteps() / 2;
        String relora = lora + ",update=relora,relora.restart=" + restart + ",relora.first-warmup=" + restart / 5
                + ",relora.restart-warmup=" + restart / 10 + ",relora.min-rate=1,relora.total-steps=";
        return List.of(
                arm("lora", rank, "", lora, "LoRA's factors on the random start"),
                arm("lora", rank, WARM, lora, "the same on weights that were trained in full for a while"),
                arm("relora", rank, "", relora + recipe.steps(), "arXiv 2307.05695, without its warm start"),
                arm("relora", rank, WARM, relora + recipe.after(1).steps(), "as published"),
                arm(
                        "switchlora",
                        rank,
                        "",
                        common + ",update=switchlora,switchlora.total-steps=" + recipe.steps(),
                        "arXiv 2406.06564, as published"));
    }

    private Arm arm(String method, int rank, String suffix, String rule, String note) {
        return new Arm(name(method, rank) + suffix, Optimiser.ADAM, rates, rule, note);
    }

    private static String name(String method, int rank) {
        return method + ", r = " + rank;
    }

    private Page page() {
        Page page = Page.onDigits(
                settings,
                PAGE,
                "From scratch at low rank",
                "A network is trained from its random start while only factors of low rank, output layer and biases are"
                        + " trained: with LoRA, with ReLoRA (arXiv 2307.05695) and with SwitchLoRA (arXiv 2406.06564), against"
                        + " training all of it.");
        page.section("Setting");
        page.item(
                String.format(Locale.ROOT, "A %s network, ReLU, %s, with Adam.", recipe.network(), recipe.training()));
        page.item(
                "The rate falls to 0 over all steps, in " + Recipe.STAIRS + " equal stairs and in every arm; ReLoRA's"
                        + " warm-ups after each restart are on top of that, so its own cosine is switched off (`relora.min-rate=1`).");
        page.item(String.format(
                Locale.ROOT,
                "\"Warm\" arms start from weights that stock DL4J has trained for the first %,d of these steps, at the rate of"
                        + " the full arm, and are trained for the other %,d: equal steps for all.",
                recipe.epochSteps(),
                recipe.after(1).steps()));
        page.item("Rates: each arm takes the one of " + rates + " with " + CRITERION.words
                + ", on a seed of its own. A * marks a rate at the edge of these.");
        page.item(String.format(
                Locale.ROOT,
                "Numbers: %d seeds, none of them the one that chose the rate; mean +- standard deviation. Held-out loss is that"
                        + " of %,d digits that were neither trained on nor tested with; training loss is the running mean.",
                settings.seeds(),
                VALIDATION_DIGITS));
        table(page);
        page.chart("", "Training loss", chart());
        Papers.claims(page, claims());
        Papers.rules(page, results.values().stream().map(Result::arm).toList());
        return page;
    }

    private void table(Page page) {
        page.section("Results");
        int half = recipe.steps() / 2;
        page.header(
                "arm",
                "trained parameters",
                "training loss after " + half,
                "training loss at the end",
                "held-out loss",
                "test accuracy",
                "rate");
        for (Result result : results.values()) {
            int before = isWarm(result.name()) ? recipe.epochSteps() : 0;
            page.row(List.of(
                    result.name(),
                    String.format(Locale.ROOT, "%,d", result.runs().get(0).trained()),
                    Form.LOSS.meanOf(result.values(run -> run.lossAfter(half - before))),
                    Form.LOSS.meanOf(result.values(run -> run.lossAfter(recipe.steps() - before))),
                    Form.LOSS.meanOf(result.values(Run::validationLoss)),
                    Form.PERCENT.meanOf(result.values(Run::accuracy)),
                    result.shownRate()));
        }
    }

    private List<Claim> claims() {
        List<Claim> claims = new ArrayList<>();
        for (int rank : ranks) {
            String at = "r = " + rank + ": ";
            String lora = name("lora", rank);
            String relora = name("relora", rank);
            String switchlora = name("switchlora", rank);
            claims.add(lower(at + "full rank ends at a lower held-out loss than LoRA from scratch", FULL, lora));
            claims.add(lower(at + "ReLoRA ends lower than LoRA, both from a warm start", relora + WARM, lora + WARM));
            claims.add(lower(at + "ReLoRA ends lower with a warm start than without", relora + WARM, relora));
            claims.add(asLow(at + "ReLoRA with a warm start is as good as full rank", relora + WARM, FULL));
            claims.add(lower(at + "SwitchLoRA ends lower than LoRA", switchlora, lora));
            claims.add(lower(at + "SwitchLoRA ends lower than ReLoRA without a warm start", switchlora, relora));
            claims.add(lower(at + "SwitchLoRA ends lower than ReLoRA with one", switchlora, relora + WARM));
            claims.add(asLow(at + "SwitchLoRA is as good as full rank", switchlora, FULL));
            claims.add(Claim.seen(
                    at + "SwitchLoRA wants a higher rate than full rank",
                    results.get(switchlora).rate() > results.get(FULL).rate(),
                    results.get(switchlora).shownRate() + " against "
                            + results.get(FULL).shownRate()));
        }
        return claims;
    }

    private Claim lower(String statement, String arm, String other) {
        return Claim.lower(statement, Form.LOSS, losses(arm), losses(other));
    }

    private Claim asLow(String statement, String arm, String other) {
        return Claim.asLow(statement, Form.LOSS, losses(arm), losses(other));
    }

    private double[] losses(String arm) {
        return results.get(arm).values(Run::validationLoss);
    }

    /** The arms of the smallest rank; warm ones where they start. */
    private Chart chart() {
        List<Line> lines = new ArrayList<>();
        for (Result result : results.values()) {
            if (result.name().equals(FULL) || result.name().contains("r = " + ranks.get(0))) {
                int before = isWarm(result.name()) ? recipe.epochSteps() : 0;
                double[] y = digits.Result.smooth(result.meanCurve(Run::losses));
                double[] x = IntStream.rangeClosed(before + 1, before + y.length)
                        .asDoubleStream()
                        .toArray();
                lines.add(new Line(result.name(), x, y, before > 0 ? Mark.DASHES : Mark.LINE));
            }
        }
        double lowest = lines.stream()
                .flatMapToDouble(line -> Arrays.stream(line.y()))
                .min()
                .orElseThrow();
        Chart chart = new Chart(
                "From scratch: training loss, mean of " + settings.seeds() + " seeds",
                new Axis("training step (batches of " + recipe.batch() + ")", 0, recipe.steps(), false),
                new Axis("training loss (running mean)", lowest * 0.9, 1, true),
                Legend.UPPER_RIGHT);
        lines.forEach(chart::add);
        return chart;
    }
}
