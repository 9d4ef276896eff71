package org.lowrank4j.tests.pages.published;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
import org.lowrank4j.tests.pages.Spread;
import org.lowrank4j.tests.pages.Training;
import org.lowrank4j.tests.pages.Trials;

/** Other gradients for the user's updater: M-FAC and GaLore against SGD and Adam, at equal steps and at equal time. */
public final class Gradients {

    /** The first digits of the training set, which choose rates and train nothing. */
    private static final int VALIDATION_DIGITS = 5_000;

    private static final String PAGE = "gradients";
    private static final Criterion CRITERION = Criterion.MEAN_LOSS;
    private static final String SGD = "SGD";
    private static final String MOMENTUM = "SGD, momentum";
    private static final String ADAM = "Adam";
    private static final int RANK = 16;
    private static final String GALORE = "GaLore, r = " + RANK;

    /** A heap of a fixed size, so that the memory of a process differs by what is outside of it only. */
    private static final List<String> FIXED_HEAP = List.of("-Xms512m", "-XX:+AlwaysPreTouch");

    private static final Pattern WINDOW =
            Pattern.compile("mfac keeps [\\d,]+ gradients of [\\d,]+ entries: ([\\d,]+) bytes");

    private final DigitSettings settings;
    private final Recipe recipe;
    private final List<Integer> windows;
    private final Map<String, Result> results = new LinkedHashMap<>();

    public Gradients(DigitSettings settings) {
        this.settings = settings;
        boolean quick = settings.quick();
        recipe = new Recipe(List.of(64), false, quick ? 5_000 : 20_000, 128, 1, quick ? 60 : 400, 1_000, 0, 0, 0);
        windows = quick ? List.of(8) : List.of(32, 128);
    }

    public void run() throws IOException, InterruptedException {
        List<Arm> arms = arms();
        Trials trials = new Trials(settings, arms.size(), FIXED_HEAP);
        Training training = Training.ofNew(settings.data(), recipe, VALIDATION_DIGITS);
        for (Arm arm : arms) {
            results.put(arm.name(), trials.runApart(arm, training, CRITERION));
        }
        page().write();
    }

    private List<Arm> arms() {
        List<Arm> arms = new ArrayList<>();
        arms.add(new Arm(SGD, Optimiser.SGD, grid("0.03,0.1,0.3,1"), "", "stock DL4J"));
        if (!settings.quick()) {
            arms.add(new Arm(
                    MOMENTUM,
                    Optimiser.MOMENTUM,
                    grid("0.03,0.1,0.3,1"),
                    "",
                    "stock DL4J, Nesterov's momentum of 0.9"));
        }
        arms.add(new Arm(ADAM, Optimiser.ADAM, grid("1e-3,3e-3,1e-2,3e-2"), "", "stock DL4J"));
        arms.add(new Arm(
                GALORE,
                Optimiser.ADAM,
                grid("3e-3,1e-2,3e-2,0.1"),
                "rank=" + RANK + ",bias=all,gradient=galore,galore.refresh=50",
                "arXiv 2403.03507 with its scale of 0.25; the subspace is renewed every 50 steps instead of 200, as"
                        + " training is short"));
        for (int window : windows) {
            arms.add(new Arm(
                    mfac(window),
                    Optimiser.SGD,
                    grid("3e-3,1e-2,3e-2,0.1"),
                    "bias=all,gradient=mfac,mfac.window=" + window,
                    "arXiv 2107.03356, lambda 1e-5 and plain SGD as published; its windows are of 512 and more"));
        }
        return arms;
    }

    private static String mfac(int window) {
        return "M-FAC, m = " + window;
    }

    /** In a try the third of them, which is near the best. */
    private RateGrid grid(String rates) {
        return RateGrid.parse(settings.quick() ? rates.split(",")[2] : rates);
    }

    /** What Adam's training took: the time that all have where times are to be equal. */
    private double time() {
        return Spread.of(results.get(ADAM).values(Run::time)).mean();
    }

    /** What the arm says that it keeps for training besides the weights, in bytes. */
    private static double stated(Result result) {
        double window = 0;
        for (String line : result.said()) {
            // Each seed's network says the same.
            Matcher said = WINDOW.matcher(line);
            if (said.find()) {
                window = Double.parseDouble(said.group(1).replace(",", ""));
            }
        }
        return result.runs().get(0).stateBytes() + window;
    }

    private Page page() {
        Page page = Page.onDigits(
                settings,
                PAGE,
                "Other gradients",
                "All weights of a network are trained, with what stands in for their gradient: M-FAC (arXiv 2107.03356) under"
                        + " plain SGD and GaLore (arXiv 2403.03507) under Adam, against SGD and Adam by themselves.");
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "A %s network (%,d parameters), ReLU, %s. Rates stay as they are.",
                recipe.network(),
                recipe.parameters(),
                recipe.training()));
        page.item("Rates: each arm takes the one of four, half a decade apart, with " + CRITERION.words
                + ", on a seed of its own. A * marks a rate at the edge of these. The grids: "
                + String.join(
                        "; ",
                        results.values().stream()
                                .map(result ->
                                        result.name() + " " + result.arm().rates())
                                .toList())
                + ".");
        page.item(String.format(
                Locale.ROOT,
                "Numbers: %d seeds, none of them the one that chose the rate; mean +- standard deviation. Losses are the running"
                        + " mean of the training loss.",
                settings.seeds()));
        page.item(
                "Time is the processor time of the training thread inside of `fit`, with one thread for linear algebra; no"
                        + " other work of the machine counts. Equal time is what Adam takes for all of its steps, "
                        + Form.SECONDS.apply(time()) + ".");
        page.item(
                "Stated memory is what gradient, updater state and window take, as the agent says it (for stock DL4J: as its"
                        + " arrays are). Peak is the most resident memory of the whole JVM, which has a heap of 512 MiB that is touched"
                        + " at the start; it is that of the first seed, whose network is the first that its JVM trains.");
        table(page);
        page.chart(
                "",
                "Loss against steps",
                chart(
                        "training step (batches of " + recipe.batch() + ")",
                        run -> IntStream.rangeClosed(1, recipe.steps())
                                .asDoubleStream()
                                .toArray()));
        page.chart(
                "-time",
                "Loss against time",
                chart("processor time, seconds (up to " + Form.SECONDS.apply(2 * time()) + ")", Run::seconds));
        Papers.claims(page, claims());
        Papers.rules(page, results.values().stream().map(Result::arm).toList());
        return page;
    }

    private void table(Page page) {
        page.section("Results");
        int some = recipe.steps() / 4;
        page.header(
                "arm",
                "loss after " + some,
                "loss after " + recipe.steps(),
                "test accuracy",
                "ms a step",
                "steps in equal time",
                "loss then",
                "stated memory",
                "peak",
                "rate");
        for (Result result : results.values()) {
            page.row(List.of(
                    result.name(),
                    Form.LOSS.meanOf(result.values(run -> run.lossAfter(some))),
                    Form.LOSS.meanOf(result.values(this::atTheEnd)),
                    Form.PERCENT.meanOf(result.values(Run::accuracy)),
                    String.format(
                            Locale.ROOT,
                            "%.1f",
                            1000 * Spread.of(result.values(Run::time)).mean() / recipe.steps()),
                    Form.COUNT.meanOf(Spread.of(result.values(run -> run.stepsWithin(time())))
                            .mean()),
                    Form.LOSS.meanOf(result.values(this::inEqualTime)),
                    Form.MEBIBYTES.apply(stated(result)),
                    Form.MEBIBYTES.apply(peak(result)),
                    result.shownRate()));
        }
    }

    private double atTheEnd(Run run) {
        return run.lossAfter(recipe.steps());
    }

    private double inEqualTime(Run run) {
        return run.lossAfter(Math.max(1, run.stepsWithin(time())));
    }

    private static double peak(Result result) {
        return result.runs().get(0).peakBytes();
    }

    private List<Claim> claims() {
        List<Claim> claims = new ArrayList<>();
        String largest = mfac(windows.get(windows.size() - 1));
        for (String other : List.of(SGD, ADAM)) {
            claims.add(lower("M-FAC is lower than " + other + " after equal steps", largest, other, this::atTheEnd));
            claims.add(lower("M-FAC is lower than " + other + " after equal time", largest, other, this::inEqualTime));
        }
        if (windows.size() > 1) {
            claims.add(lower(
                    "M-FAC with the larger window is lower after equal steps",
                    largest,
                    mfac(windows.get(0)),
                    this::atTheEnd));
            double stated = stated(results.get(largest)) - stated(results.get(mfac(windows.get(0))));
            double measured = peak(results.get(largest)) - peak(results.get(mfac(windows.get(0))));
            claims.add(Claim.seen(
                    "the larger window takes as much more memory as is stated, up to a quarter",
                    Math.abs(measured - stated) <= stated / 4,
                    "peaks differ by " + Form.MEBIBYTES.apply(measured) + ", stated " + Form.MEBIBYTES.apply(stated)));
        }
        claims.add(Claim.asLow(
                "GaLore is as good as Adam after equal steps",
                Form.LOSS,
                results.get(GALORE).values(this::atTheEnd),
                results.get(ADAM).values(this::atTheEnd)));
        claims.add(Claim.seen(
                "GaLore states less memory than Adam",
                stated(results.get(GALORE)) < stated(results.get(ADAM)),
                Form.MEBIBYTES.apply(stated(results.get(GALORE))) + " against "
                        + Form.MEBIBYTES.apply(stated(results.get(ADAM)))));
        return claims;
    }

    private Claim lower(String statement, String arm, String other, ToDoubleFunction<Run> loss) {
        return Claim.lower(
                statement,
                Form.LOSS,
                results.get(arm).values(loss),
                results.get(other).values(loss));
    }

    private Chart chart(String across, Function<Run, double[]> x) {
        List<Line> lines = new ArrayList<>();
        for (Result result : results.values()) {
            double[] y = digits.Result.smooth(result.meanCurve(Run::losses));
            lines.add(new Line(result.name(), result.meanCurve(x), y, Mark.LINE));
        }
        double lowest = lines.stream()
                .flatMapToDouble(line -> Arrays.stream(line.y()))
                .min()
                .orElseThrow();
        double most = across.startsWith("training") ? recipe.steps() : 2 * time();
        Chart chart = new Chart(
                "Other gradients: training loss, mean of " + settings.seeds() + " seeds",
                new Axis(across, 0, most, false),
                new Axis("training loss (running mean)", lowest * 0.9, 2, true),
                Legend.UPPER_RIGHT);
        lines.forEach(chart::add);
        return chart;
    }
}
