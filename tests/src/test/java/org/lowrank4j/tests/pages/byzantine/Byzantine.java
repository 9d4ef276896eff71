package org.lowrank4j.tests.pages.byzantine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.tests.pages.ChildJvm;
import org.lowrank4j.tests.pages.DigitSettings;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Progress;
import org.lowrank4j.tests.pages.Spread;

/** Seven workers, up to three of them hostile, under three exchanges. */
public final class Byzantine {

    private static final List<String> EXCHANGES = List.of("flag", "mean", "factors");
    private static final int ROUNDS = 30;
    private static final int QUICK_ROUNDS = 10;
    private static final int MOST = 3;

    private final DigitSettings settings;
    private final int rounds;
    private final int most;
    private final Map<String, List<Double>> accuracies = new LinkedHashMap<>();

    /** @param rounds null for as many as the page has */
    public Byzantine(DigitSettings settings, @Nullable Integer rounds) {
        this.settings = settings;
        this.rounds = rounds != null ? rounds : settings.quick() ? QUICK_ROUNDS : ROUNDS;
        most = settings.quick() ? 1 : MOST;
    }

    /** Trains all networks and writes the page. */
    public void run() throws IOException, InterruptedException {
        Progress progress = new Progress(System.out, Progress.isTerminal(), 1);
        progress.begin("byzantine");
        ChildJvm.run(
                List.of("-javaagent:" + settings.agent()),
                Workers.class,
                List.of(
                        settings.data(),
                        settings.out().resolve("services").toString(),
                        String.valueOf(rounds),
                        String.valueOf(settings.seeds()),
                        String.valueOf(most)),
                line -> {
                    progress.line(line);
                    take(line);
                });
        progress.end(accuracies.size() + " cells");
        page().write();
    }

    private void take(String line) {
        String[] words = line.split(" ");
        if (words[0].equals("result")) {
            accuracies
                    .computeIfAbsent(key(words[1], Attack.valueOf(words[2]), words[3]), absent -> new ArrayList<>())
                    .add(Double.parseDouble(words[5]));
        }
    }

    private static String key(String exchange, Attack attack, Object hostile) {
        return exchange + " " + attack + " " + hostile;
    }

    private Page page() {
        Page page = Page.onDigits(
                settings,
                "byzantine",
                "Workers whose gradients are wrong",
                "`ParallelWrapper` trains seven replicas, and none to three of them send something else than their"
                        + " gradient.");
        if (rounds != ROUNDS) {
            page.paragraph("With `--rounds=" + rounds + "` among `page.args`.");
        }
        page.paragraph(String.format(
                Locale.ROOT,
                "A base, 784-%d-10, learns upright digits (%d steps of %d); then LoRA of rank %d on its hidden layer and"
                        + " the output layer in full learn digits that are turned by %d degrees, in %d rounds of seven"
                        + " minibatches of %d, with plain SGD at rate %s. Accuracy on %,d turned test digits, in per cent: the"
                        + " mean over %d seeds, and the least and the greatest where they differ. One in ten is chance; a network whose outputs are not finite answers nothing, and counts as 0.",
                Workers.HIDDEN,
                Workers.BASE_STEPS,
                Workers.BASE_BATCH,
                Workers.RANK,
                Workers.DEGREES,
                rounds,
                Workers.BATCH,
                Workers.RATE,
                Workers.TEST_DIGITS,
                settings.seeds()));
        page.header("hostile workers send", "of seven", "`exchange=flag`", "`mean`", "`factors`");
        row(page, Attack.NONE, 0);
        for (Attack attack : Attack.values()) {
            for (int hostile = 1; hostile <= most && attack != Attack.NONE; hostile++) {
                row(page, attack, hostile);
            }
        }
        page.paragraph(
                "Hostility is the program's, which wraps the exchange (or, under `factors`, the updater of a hostile"
                        + " worker, which then sends where its steps have led it). `flag` has its defaults: four dimensions, one"
                        + " iteration, the median of the lengths.");
        page.section("What to make of it");
        page.paragraph(
                "The paper (arXiv 2302.05865) claims, of deep networks trained in full by a parameter server, that the"
                        + " aggregator makes others that withstand Byzantine workers markedly more robust, with better accuracy on"
                        + " several tasks. Such others are not in this table, and it is of one small network with adapters: it says"
                        + " nothing for or against that. What it shows:");
        findings(page);
        return page;
    }

    private void row(Page page, Attack attack, int hostile) {
        List<String> cells = new ArrayList<>(List.of(attack.words(), String.valueOf(hostile)));
        EXCHANGES.forEach(exchange -> cells.add(cell(exchange, attack, hostile)));
        page.row(cells);
    }

    private Spread spread(String exchange, Attack attack, int hostile) {
        return Spread.of(accuracies.get(key(exchange, attack, hostile)).stream()
                .mapToDouble(accuracy -> 100 * accuracy)
                .toArray());
    }

    private String cell(String exchange, Attack attack, int hostile) {
        Spread spread = spread(exchange, attack, hostile);
        if (spread.greatest() == 0) {
            return "not finite";
        }
        String mean = String.format(Locale.ROOT, "%.1f", spread.mean());
        return spread.greatest() - spread.least() < 0.05
                ? mean
                : mean + String.format(Locale.ROOT, " (%.1f .. %.1f)", spread.least(), spread.greatest());
    }

    /** In numbers of this run. */
    private void findings(Page page) {
        double honest = spread("flag", Attack.NONE, 0).mean();
        page.item(String.format(
                Locale.ROOT,
                "Without hostile workers `flag` reaches %.1f %% where `mean` reaches %.1f %%.",
                honest,
                spread("mean", Attack.NONE, 0).mean()));
        for (Attack attack : Attack.values()) {
            if (attack != Attack.NONE) {
                page.item(String.format(
                        Locale.ROOT,
                        "%s: `flag` with %d hostile workers loses %.1f points, `mean` %.1f, `factors` %.1f.",
                        Character.toUpperCase(attack.words().charAt(0))
                                + attack.words().substring(1),
                        most,
                        honest - spread("flag", attack, most).mean(),
                        spread("mean", Attack.NONE, 0).mean()
                                - spread("mean", attack, most).mean(),
                        spread("factors", Attack.NONE, 0).mean()
                                - spread("factors", attack, most).mean()));
            }
        }
        page.paragraph(
                "Most of what `flag` does here is to forget how long a gradient says that it is: a length counts as one"
                        + " of seven for the median. A random direction it may keep as one of its four dimensions, and then it does"
                        + " no better than the mean. A gradient that is turned round lies in the subspace of the honest ones, so no"
                        + " subspace tells it from them; it cancels one of them. Against workers that are many, or that agree with"
                        + " each other, `flag` is no defence.");
    }
}
