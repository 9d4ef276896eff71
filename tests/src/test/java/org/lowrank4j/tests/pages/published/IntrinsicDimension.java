package org.lowrank4j.tests.pages.published;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
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
import org.lowrank4j.tests.pages.Spread;
import org.lowrank4j.tests.pages.Training;
import org.lowrank4j.tests.pages.Trials;

/** How few numbers can train a network of 199,210 parameters: random subspaces of several dimensions. */
public final class IntrinsicDimension {

    /** The first digits of the training set, which choose rates and train nothing. */
    private static final int VALIDATION_DIGITS = 5_000;

    private static final String PAGE = "intrinsic-dimension";
    private static final String WHOLE = "all parameters";
    private static final int PUBLISHED = 750;
    private static final double PART = 0.9;

    /** The published rate is the first; it goes with 100 epochs. */
    private static final RateGrid RATES = RateGrid.parse("1e-3,3e-3,1e-2,3e-2,1e-1,3e-1");

    private final DigitSettings settings;
    private final Recipe recipe;
    private final List<Integer> dimensions;
    private final Map<Integer, Result> results = new LinkedHashMap<>();

    public IntrinsicDimension(DigitSettings settings) {
        this.settings = settings;
        boolean quick = settings.quick();
        recipe = new Recipe(
                List.of(200, 200), false, quick ? 5_000 : 55_000, 128, 1, quick ? 60 : 1_000, 1_000, 0, 0, 1e-5);
        dimensions = quick ? List.of(300) : List.of(100, 300, 500, PUBLISHED, 1_000, 1_500);
    }

    public void run() throws IOException, InterruptedException {
        Trials trials = new Trials(settings, 1 + dimensions.size());
        Training training = Training.ofNew(settings.data(), recipe, VALIDATION_DIGITS);
        Result whole = trials.run(arm(WHOLE, "", "stock DL4J"), training, Criterion.VALIDATION_LOSS);
        for (int dimension : dimensions) {
            results.put(
                    dimension,
                    trials.run(
                            arm(
                                    "d = " + dimension,
                                    "update=random-subspace,random-subspace.dimension=" + dimension,
                                    "arXiv 1804.08838, a fastfood projection"),
                            training,
                            Criterion.VALIDATION_LOSS));
        }
        page(whole).write();
    }

    private Arm arm(String name, String rule, String note) {
        RateGrid few = RateGrid.parse(rule.isEmpty() ? "1e-2" : "1e-1");
        return new Arm(name, Optimiser.ADAM, settings.quick() ? few : RATES, rule, note);
    }

    private Page page(Result whole) {
        double baseline = validation(whole);
        Page page = Page.onDigits(
                settings,
                PAGE,
                "Intrinsic dimension",
                String.format(
                        Locale.ROOT,
                        "All %,d parameters of a network move, but only in d random directions, whose d numbers are what is"
                                + " trained. The intrinsic dimension of a task (arXiv 1804.08838) is the smallest d with which the"
                                + " network reaches %.0f %% of the accuracy that it has when all of it is trained; %d is published"
                                + " for this network on MNIST.",
                        recipe.parameters(),
                        100 * PART,
                        PUBLISHED));
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "As published: a %s network, ReLU, He's start, all weights and biases in one fastfood projection, Adam,"
                        + " minibatches of %d, an L2 term of %s.",
                recipe.network(),
                recipe.batch(),
                RateGrid.shown(recipe.l2())));
        page.item(String.format(
                Locale.ROOT,
                "Shorter than published: %s, %.1f epochs instead of 100. The published rate of 1e-3 is made for those: d numbers"
                        + " that move by at most 1e-3 a step have hardly left 0 after so few. So each row takes the rate of %s with"
                        + " the lowest validation loss at the end, on a seed of its own; a * marks one at the edge. Training in a"
                        + " subspace goes on to gain after that, so that the dimension found here is rather too large than too"
                        + " small.",
                recipe.training(),
                (double) recipe.steps() * recipe.batch() / recipe.digits(),
                RATES.rates().stream().map(RateGrid::shown).collect(Collectors.joining(", "))));
        page.item(String.format(
                Locale.ROOT,
                "Numbers: %d seeds, each with another start and other directions; mean +- standard deviation. Validation is on"
                        + " %,d digits that were neither trained on nor tested with; %.0f %% of the baseline's %s are %s.",
                settings.seeds(),
                VALIDATION_DIGITS,
                100 * PART,
                Form.PERCENT.meanOf(baseline),
                Form.PERCENT.meanOf(PART * baseline)));
        table(page, whole);
        page.chart("", "Accuracy against dimension", chart(baseline));
        Papers.claims(page, claims(baseline));
        List<Arm> arms = new ArrayList<>(List.of(whole.arm()));
        results.values().forEach(result -> arms.add(result.arm()));
        Papers.rules(page, arms);
        return page;
    }

    private static double validation(Result result) {
        return Spread.of(result.values(Run::validationAccuracy)).mean();
    }

    private void table(Page page, Result whole) {
        page.section("Results");
        page.header(
                "trained",
                "of all",
                "validation accuracy",
                "of the baseline's",
                "test accuracy",
                "training loss",
                "ms a step",
                "rate");
        List<Result> all = new ArrayList<>(List.of(whole));
        all.addAll(results.values());
        List<String> names = new ArrayList<>(List.of(WHOLE));
        results.keySet().forEach(dimension -> names.add("d = " + dimension));
        for (int i = 0; i < all.size(); i++) {
            Result result = all.get(i);
            page.row(List.of(
                    names.get(i),
                    i == 0
                            ? "100 %"
                            : String.format(
                                    Locale.ROOT, "%.2f %%", 100.0 * dimensions.get(i - 1) / recipe.parameters()),
                    Form.PERCENT.meanOf(result.values(Run::validationAccuracy)),
                    Form.PERCENT.meanOf(validation(result) / validation(whole)),
                    Form.PERCENT.meanOf(result.values(Run::accuracy)),
                    Form.LOSS.meanOf(result.values(run -> run.lossAfter(recipe.steps()))),
                    String.format(
                            Locale.ROOT,
                            "%.1f",
                            1000 * Spread.of(result.values(Run::time)).mean() / recipe.steps()),
                    result.shownRate()));
        }
    }

    private List<Claim> claims(double baseline) {
        int enough = dimensions.stream()
                .filter(dimension -> validation(results.get(dimension)) >= PART * baseline)
                .findFirst()
                .orElse(Integer.MAX_VALUE);
        String found = enough == Integer.MAX_VALUE
                ? "none of them reaches it"
                : "the smallest of them is d = " + enough + " with "
                        + Form.PERCENT.meanOf(validation(results.get(enough)));
        List<Claim> claims = new ArrayList<>();
        claims.add(Claim.seen(
                String.format(Locale.ROOT, "%d dimensions reach %.0f %% of the baseline", PUBLISHED, 100 * PART),
                enough <= PUBLISHED,
                found));
        claims.add(Claim.seen("fewer of these do not", enough >= PUBLISHED, found));
        boolean rises = true;
        for (int i = 1; i < dimensions.size(); i++) {
            rises &= validation(results.get(dimensions.get(i))) >= validation(results.get(dimensions.get(i - 1)));
        }
        claims.add(Claim.seen(
                "more dimensions are more accurate",
                rises,
                Form.PERCENT.meanOf(validation(results.get(dimensions.get(0)))) + " with d = " + dimensions.get(0)
                        + ", "
                        + Form.PERCENT.meanOf(validation(results.get(dimensions.get(dimensions.size() - 1))))
                        + " with d = "
                        + dimensions.get(dimensions.size() - 1)));
        return claims;
    }

    private Chart chart(double baseline) {
        double[] x = dimensions.stream().mapToDouble(Integer::doubleValue).toArray();
        double[] y = dimensions.stream()
                .mapToDouble(dimension -> 100 * validation(results.get(dimension)))
                .toArray();
        double most = Math.max(1_600, x[x.length - 1]);
        double[] ends = {0, most};
        double line = 100 * PART * baseline;
        return new Chart(
                        "Intrinsic dimension: validation accuracy, mean of " + settings.seeds() + " seeds",
                        new Axis("d", 0, most, false),
                        new Axis("validation accuracy, %", Math.min(y[0], line) - 5, 100, false),
                        Legend.LOWER_RIGHT)
                .add(new Line("random subspace", x, y, Mark.DOTS))
                .add(new Line(WHOLE, ends, new double[] {100 * baseline, 100 * baseline}, Mark.LINE))
                .add(new Line("90 % of that", ends, new double[] {line, line}, Mark.DASHES));
    }
}
