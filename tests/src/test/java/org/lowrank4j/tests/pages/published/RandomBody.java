package org.lowrank4j.tests.pages.published;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lowrank4j.tests.pages.Arm;
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

/** Networks whose hidden layers stay as they were drawn: with a trained head, and with low-rank adapters beside it. */
public final class RandomBody {

    /** The first digits of the training set, which choose rates and train nothing. */
    private static final int VALIDATION_DIGITS = 2_000;

    private static final String PAGE = "random-body";
    private static final RateGrid RATES = RateGrid.parse("1e-3,3e-3,1e-2");
    private static final int MOST = 16;
    private static final double RECOVERED = 0.96;
    private static final double EQUAL = 0.005;

    private final DigitSettings settings;
    private final Recipe recipe;
    private final Trials trials;
    private final Training training;
    private final List<Result> results = new ArrayList<>();

    public RandomBody(DigitSettings settings) {
        this.settings = settings;
        boolean quick = settings.quick();
        recipe = Recipe.plain(List.of(256, 256), quick ? 2_000 : 20_000, 64, quick ? 60 : 600);
        trials = new Trials(settings, quick ? 4 : 7);
        training = Training.ofNew(settings.data(), recipe, VALIDATION_DIGITS);
    }

    public void run() throws IOException, InterruptedException {
        Result full = trained("full", "", "stock DL4J");
        Result head = trained(
                "head alone",
                "layers=output,update=full,train=none,bias=lora-only,weights=edge-of-chaos",
                "random features, as of arXiv 1802.00844");
        if (!settings.quick()) {
            trained("rank 1", adapters(1, "orthogonal"), "");
            trained("rank 4", adapters(4, "orthogonal"), "");
        }
        Result most = trained(
                "rank 16", adapters(MOST, "orthogonal"), "LoRA on a body that nothing trained, as of arXiv 2604.08749");
        if (!settings.quick()) {
            trained("rank 16, edge of chaos", adapters(MOST, "edge-of-chaos"), "");
        }
        trained("rank 16, one bit", adapters(MOST, "orthogonal") + ",bits=1", "Bi-LoRA, arXiv 2307.16867");
        page(full, head, most).write();
    }

    private static String adapters(int rank, String weights) {
        return "rank=" + rank + ",alpha=" + rank + ",layers=hidden.*,weights=" + weights;
    }

    private Result trained(String name, String rule, String note) throws IOException, InterruptedException {
        RateGrid rates = settings.quick() ? RateGrid.parse("3e-3") : RATES;
        Result result =
                trials.run(new Arm(name, Optimiser.ADAM, rates, rule, note), training, Criterion.VALIDATION_LOSS);
        results.add(result);
        return result;
    }

    private Page page(Result full, Result head, Result most) {
        Page page = Page.onDigits(
                settings,
                PAGE,
                "A body that nothing trained",
                "The hidden layers of a network stay as they were drawn. What trains is the output layer, and in most rows"
                        + " low-rank adapters on the hidden layers.");
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "A %s network, ReLU, Adam, %s. `weights=` draws its weights where `init()` does: orthogonal ones, or"
                        + " on the edge of chaos, which for ReLU is He's start. Row by row the best rate of %s, by"
                        + " validation loss on a seed of its own; a * marks one at the edge.",
                recipe.network(),
                recipe.training(),
                RATES.rates().stream().map(RateGrid::shown).collect(Collectors.joining(", "))));
        page.item(String.format(
                Locale.ROOT,
                "Numbers: %d seeds, each with another body; mean +- standard deviation. Factors are counted in bits, as a file"
                        + " of them has.",
                settings.seeds()));
        page.section("Results");
        page.header("arm", "test accuracy", "of the full network's", "trained", "of all", "KiB of factors", "rate");
        for (Result result : results) {
            long trained = Math.round(result.mean(Run::trained));
            page.row(List.of(
                    result.name(),
                    Form.PERCENT.meanOf(result.values(Run::accuracy)),
                    Form.TENTHS_OF_PERCENT.meanOf(result.mean(Run::accuracy) / full.mean(Run::accuracy)),
                    String.format(Locale.ROOT, "%,d", trained),
                    String.format(Locale.ROOT, "%.1f %%", 100.0 * trained / recipe.parameters()),
                    factors(result),
                    result.shownRate()));
        }
        Papers.claims(page, claims(full, head, most));
        Papers.rules(page, results.stream().map(Result::arm).toList());
        return page;
    }

    /** Adapters of rank r have r (nIn + nOut) numbers for each hidden layer. */
    private String factors(Result result) {
        String rule = result.arm().rule();
        if (!rule.startsWith("rank=")) {
            return "";
        }
        int rank = Integer.parseInt(rule.substring(5, rule.indexOf(',')));
        long numbers = rank * (784L + 3 * 256);
        return String.format(Locale.ROOT, "%.1f", numbers * (rule.endsWith("bits=1") ? 1 : 32) / 8.0 / 1024);
    }

    private Result named(String name) {
        return results.stream()
                .filter(result -> result.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private List<Claim> claims(Result full, Result head, Result most) {
        List<Claim> claims = new ArrayList<>();
        double part = most.mean(Run::accuracy) / full.mean(Run::accuracy);
        claims.add(Claim.seen(
                "adapters on a random body recover 96 % or more of the full network's accuracy (arXiv 2604.08749)",
                part >= RECOVERED, Form.TENTHS_OF_PERCENT.meanOf(part) + " with rank " + MOST));
        claims.add(Claim.higher(
                "they do better than random features, the head alone",
                Form.PERCENT,
                most.values(Run::accuracy),
                head.values(Run::accuracy),
                0));
        if (settings.quick()) {
            return claims;
        }
        claims.add(Claim.asHigh(
                "any body works equally well (arXiv 2604.08749): orthogonal within half a point of edge of chaos",
                Form.PERCENT,
                most.values(Run::accuracy),
                named("rank 16, edge of chaos").values(Run::accuracy),
                EQUAL));
        claims.add(Claim.higher(
                "a higher rank of one bit beats a low one in whole numbers, in half of the bits (arXiv 2307.16867)",
                Form.PERCENT,
                named("rank 16, one bit").values(Run::accuracy),
                named("rank 1").values(Run::accuracy),
                0));
        return claims;
    }
}
