package org.lowrank4j.tests.pages.rates;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.lowrank4j.tests.pages.ChildJvm;
import org.lowrank4j.tests.pages.DigitSettings;
import org.lowrank4j.tests.pages.Form;
import org.lowrank4j.tests.pages.Json;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.RateGrid;
import org.lowrank4j.tests.pages.Spread;
import org.nd4j.shade.jackson.core.type.TypeReference;

/** Every method of the catalogue, each at the learning rate at which it comes furthest. */
public final class Rates {

    /** That are tried, twice as large from one to the next. */
    static final int RATES = 18;

    private static final int QUICK_RATES = 5;
    private static final int QUICK_STEPS = 32;
    private static final String QUICK_METHODS = "lora,full,galore,lora-fa,adabelief";
    private static final int WINDOW = 16;

    /** Of the mean of two groups of seeds that say something, in standard deviations of both. */
    private static final double SPREADS = 2;

    private static final Map<String, String> GROUPS = new LinkedHashMap<>();

    static {
        GROUPS.put("update", "Updates");
        GROUPS.put("gradient", "Gradients");
        GROUPS.put("updater", "Updaters");
        GROUPS.put("average", "Averages");
        GROUPS.put("loss", "Losses");
    }

    private final DigitSettings settings;
    private final String other;
    private final int steps;
    private final int rates;

    /** @param other pictures of something else, with the files of MNIST; empty for digits in other clothes */
    public Rates(DigitSettings settings, String other) {
        this.settings = settings;
        this.other = other;
        steps = settings.quick() ? QUICK_STEPS : Contender.STEPS;
        rates = settings.quick() ? QUICK_RATES : RATES;
    }

    /** Trains what has not been trained yet, and writes the page. */
    public void run() throws IOException, InterruptedException {
        Path results = settings.out().resolve("results");
        ChildJvm.run(
                List.of("-javaagent:" + settings.agent(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"),
                Race.class,
                List.of(
                        settings.data(),
                        other,
                        results.toString(),
                        String.valueOf(steps),
                        String.valueOf(settings.seeds()),
                        String.valueOf(rates),
                        settings.quick() ? QUICK_METHODS : ""),
                System.out::println);
        page(results).write();
    }

    private Page page(Path results) throws IOException {
        Page page = new Page(settings.site(), "rates");
        page.paragraph("# Every method at its own best rate");
        page.paragraph(
                "Two studies of 2026 find that variants of LoRA differ little once each has its own learning rate. Here every"
                        + " update, gradient, updater, average and loss of lowrank4j has its own, found by the search of the verb"
                        + " [tune](adapters.md#on-the-command-line), on one small network. This page is written by");
        page.command(other.isEmpty() ? settings.drawn() ? "" : "--data DIR" : "--data DIR --fashion DIR");
        page.paragraph(
                other.isEmpty()
                        ? "with digits alone: **not with Fashion-MNIST**."
                        : "where the first DIR has the four files of MNIST and the second one those of Fashion-MNIST. An"
                                + " interrupted run goes on.");
        setting(page);
        Map<Contender, Outcome> adapting = outcomes(results, Race.ADAPTING);
        Map<Contender, Outcome> scratch = outcomes(results, Race.FROM_SCRATCH);
        section(page, "Adapting", "-adapting", adapting, "LoRA", "update-lora");
        section(page, "From scratch", "-from-scratch", scratch, "full training", "update-full");
        page.section("What to make of it");
        findings(page, adapting, scratch);
        Published.write(page);
        exhaustive(page, results, adapting);
        rules(page, adapting);
        return page;
    }

    private void setting(Page page) {
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "A %s network, ReLU, minibatches of %d, %d steps, Adam where a method does not step by itself.",
                Lesson.words(),
                Lesson.BATCH,
                steps));
        page.item(
                "*Adapting*: the network has learned digits, and learns "
                        + (other.isEmpty() ? "digits turned and inverted." : "Fashion-MNIST.")
                        + " The two hidden layers have the method at rank 8, their biases and the output layer train in full. *From"
                        + " scratch*: a new network learns digits; what adapts a network that has learned is left out, but for LoRA.");
        page.item(String.format(
                Locale.ROOT,
                "The rate is one of %d from %s to %s, the next one twice as large: the one with the lowest mean training loss in"
                        + " the last quarter of the steps, on a seed of its own. A * marks a rate at the edge.",
                rates,
                RateGrid.shown(Race.rates(rates).get(0)),
                RateGrid.shown(Race.rates(rates).get(rates - 1))));
        page.item(String.format(
                Locale.ROOT,
                "Then %d seeds, which draw the adapters and the order of the minibatches. Accuracy on the test set and loss over the"
                        + " last quarter of the steps, mean +- standard deviation. Losses of another kind (`loss=`) do not compare.",
                settings.seeds()));
        page.item(
                "*Trained*: numbers. *State*: gradient, updater state and what the method keeps, as the plan report says. *Time*:"
                        + " processor time of a step by `fit(DataSet)`, in parts of that of the exact gradient of the same update (gradients) or of"
                        + " LoRA (all others), measured by turns; work that is done every so many steps is mostly not in it.");
    }

    private static Map<Contender, Outcome> outcomes(Path results, String lesson) throws IOException {
        Map<Contender, Outcome> all = new LinkedHashMap<>();
        for (Contender contender : Race.contenders(lesson)) {
            Outcome outcome = Race.outcome(results, lesson, contender);
            if (outcome != null) {
                all.put(contender, outcome);
            }
        }
        return all;
    }

    private static void section(
            Page page,
            String title,
            String suffix,
            Map<Contender, Outcome> all,
            String reference,
            String idOfReference) {
        page.section(title);
        GROUPS.forEach((key, words) -> {
            Map<Contender, Outcome> group = new LinkedHashMap<>();
            all.forEach((contender, outcome) -> {
                if (contender.key().equals(key)) {
                    group.put(contender, outcome);
                }
            });
            if (!group.isEmpty()) {
                page.paragraph(words + ", the most accurate first:");
                table(page, key, group);
            }
        });
        double[] line = all.entrySet().stream()
                .filter(entry -> entry.getKey().id().equals(idOfReference))
                .map(entry -> entry.getValue().curve(WINDOW))
                .findFirst()
                .orElse(new double[0]);
        List<SmallMultiples.Panel> panels = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        for (Map.Entry<Contender, Outcome> entry : all.entrySet()) {
            double[] curve = entry.getValue().curve(WINDOW);
            if (!entry.getKey().key().equals("loss")) {
                panels.add(new SmallMultiples.Panel(
                        entry.getKey().key() + "=" + entry.getKey().name(), curve, line));
                least = Math.min(least, Arrays.stream(curve).min().orElse(least));
            }
        }
        page.drawing(
                suffix,
                "Training loss over the steps, means of " + WINDOW + " steps and all seeds; grey: " + reference,
                new SmallMultiples(0.9 * least, 4, panels).svg());
    }

    private static void table(Page page, String key, Map<Contender, Outcome> group) {
        page.header("`" + key + "=`", "rate", "accuracy", "loss", "trained", "state", "time");
        group.entrySet().stream()
                .sorted(Comparator.comparingDouble((Map.Entry<Contender, Outcome> entry) ->
                        entry.getValue().hasFailed() ? 1 : -entry.getValue().accuracy()))
                .forEach(entry -> page.row(cells(entry.getKey(), entry.getValue())));
    }

    private static List<String> cells(Contender contender, Outcome outcome) {
        String name = "`" + contender.name() + "`";
        if (outcome.hasFailed()) {
            return List.of(name, "**did not train**", outcome.failure(), "", "", "", "");
        }
        return List.of(
                name,
                RateGrid.shown(outcome.rate()) + (outcome.edge() ? " *" : ""),
                Form.PERCENT.meanOf(outcome.accuracies()),
                outcome.converged() ? Form.SHORT_LOSS.meanOf(outcome.lastLosses()) : "**diverged**",
                Form.COUNT.apply(outcome.trained()),
                Form.KIBIBYTES.apply(outcome.bytes()),
                String.format(Locale.ROOT, "%.2f", outcome.millis() / outcome.referenceMillis()));
    }

    /** In numbers of this run. */
    private static void findings(Page page, Map<Contender, Outcome> adapting, Map<Contender, Outcome> scratch) {
        page.item(against("Adapting", adapting, "update-lora", "`lora`"));
        page.item(against("From scratch", scratch, "update-full", "`full`"));
        double[] best = adapting.values().stream()
                .filter(outcome -> !outcome.hasFailed())
                .mapToDouble(Outcome::rate)
                .toArray();
        page.item(String.format(
                Locale.ROOT,
                "The best rates for adapting lie from %s to %s: a method that is tried at another one's rate says little.",
                RateGrid.shown(Arrays.stream(best).min().orElse(0)),
                RateGrid.shown(Arrays.stream(best).max().orElse(0))));
        List<String> failed = new ArrayList<>();
        for (Map<Contender, Outcome> all : List.of(adapting, scratch)) {
            all.forEach((contender, outcome) -> {
                if (outcome.hasFailed() || !outcome.converged()) {
                    failed.add("`" + contender.name() + "`");
                }
            });
        }
        page.item(
                failed.isEmpty()
                        ? "None failed or diverged."
                        : "Failed or diverged: " + String.join(", ", failed) + ".");
    }

    private static String against(String lesson, Map<Contender, Outcome> all, String id, String name) {
        Outcome reference = all.entrySet().stream()
                .filter(entry -> entry.getKey().id().equals(id))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
        if (reference == null || reference.hasFailed()) {
            return lesson + ": " + name + " was not measured.";
        }
        List<String> better = new ArrayList<>();
        List<String> worse = new ArrayList<>();
        int alike = 0;
        for (Map.Entry<Contender, Outcome> entry : all.entrySet()) {
            if (entry.getKey().id().equals(id) || entry.getValue().hasFailed()) {
                continue;
            }
            Spread its = Spread.of(entry.getValue().accuracies());
            Spread other = Spread.of(reference.accuracies());
            double difference = its.mean() - other.mean();
            if (Math.abs(difference) <= SPREADS * Math.hypot(its.deviation(), other.deviation())) {
                alike++;
            } else {
                (difference > 0 ? better : worse).add("`" + entry.getKey().name() + "`");
            }
        }
        return String.format(
                Locale.ROOT,
                "%s: by more than %.0f standard deviations of both, %s is beaten by %s, and beats %s; %d are neither.",
                lesson,
                SPREADS,
                name,
                better.isEmpty() ? "none" : String.join(", ", better),
                worse.isEmpty() ? "none" : String.join(", ", worse),
                alike);
    }

    /** The search against all rates in full. */
    private void exhaustive(Page page, Path results, Map<Contender, Outcome> adapting) throws IOException {
        page.section("The search against all rates");
        page.paragraph(String.format(
                Locale.ROOT,
                "The same methods with all %d rates for all %d steps. *Cost* is the steps of the search in parts of these; *loss*"
                        + " is that of the tuning seed.",
                rates,
                steps));
        page.header("method", "best of all", "loss", "found", "loss", "found / best", "cost");
        for (Map.Entry<Contender, Outcome> entry : adapting.entrySet()) {
            Path grid = Race.grid(results, entry.getKey());
            if (!Files.exists(grid) || entry.getValue().hasFailed()) {
                continue;
            }
            Map<Double, Double> losses = losses(grid);
            double best = losses.entrySet().stream()
                    .min(Map.Entry.comparingByValue())
                    .orElseThrow()
                    .getKey();
            double found = entry.getValue().rate();
            page.row(List.of(
                    "`" + entry.getKey().name() + "`",
                    RateGrid.shown(best),
                    Form.SHORT_LOSS.apply(Objects.requireNonNull(losses.get(best))),
                    RateGrid.shown(found),
                    Form.SHORT_LOSS.apply(Objects.requireNonNull(losses.get(found))),
                    String.format(Locale.ROOT, "%.2g", found / best),
                    Form.TENTHS_OF_PERCENT.apply(entry.getValue().cost() / (double) (rates * steps))));
        }
    }

    /** JSON has no infinite numbers: such a one is a text. */
    private static Map<Double, Double> losses(Path grid) throws IOException {
        Map<Double, Double> losses = new TreeMap<>();
        Json.read(grid, new TypeReference<Map<String, Object>>() {})
                .forEach((rate, loss) -> losses.put(
                        Double.valueOf(rate),
                        loss instanceof Number number ? number.doubleValue() : Double.POSITIVE_INFINITY));
        return losses;
    }

    private static void rules(Page page, Map<Contender, Outcome> all) {
        page.section("The rules");
        page.paragraph(
                "`rank=8,layers=hidden1:hidden2,train=output,bias=all`, the method and its rate; and besides, because defaults are"
                        + " for many thousand steps, or there are none:");
        for (Contender contender : all.keySet()) {
            String options = contender.rule().entrySet().stream()
                    .filter(entry -> entry.getKey().startsWith(contender.name() + ".")
                            || entry.getKey().equals("rank")
                                    && !entry.getValue().equals("8"))
                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                    .sorted()
                    .collect(Collectors.joining(","));
            if (!options.isEmpty()) {
                page.item("`" + contender.key() + "=" + contender.name() + "," + options + "`");
            }
        }
    }
}
