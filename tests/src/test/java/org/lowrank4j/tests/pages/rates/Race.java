package org.lowrank4j.tests.pages.rates;

import digits.AgentReport;
import digits.DigitSet;
import digits.Digits;
import digits.Domain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.command.work.GridSearch;
import org.lowrank4j.command.work.GridSearch.Candidate;
import org.lowrank4j.tests.pages.Amount;
import org.lowrank4j.tests.pages.Json;
import org.lowrank4j.tests.pages.RateGrid;
import org.nd4j.shade.jackson.core.type.TypeReference;

/** Finds the best rate of every method and trains with it; what each comes to is a file, so that what was interrupted goes on. */
public final class Race {

    /** Whose rates are all tried in full as well. */
    static final List<String> EXHAUSTIVE = List.of("lora", "dora", "vera", "lora-fa", "galore");

    /** The lessons, and what each is in words. */
    static final String ADAPTING = "adapting";

    static final String FROM_SCRATCH = "from-scratch";

    private static final int BASE_STEPS = 400;
    private static final int QUICK_TEST = 500;
    private static final int ROUNDS = 12;
    private static final int STEPS_OF_ROUND = 5;
    private static final double LEAST_RATE = 1e-5;
    private static final Pattern OF_METHODS = Pattern.compile("memory of the methods: ([0-9.]+ [KMGT]?i?B)");

    private final Lesson lesson;
    private final Path results;
    private final int steps;
    private final int seeds;
    private final List<Double> rates;

    private Race(Lesson lesson, Path results, int steps, int seeds, int rates) {
        this.lesson = lesson;
        this.results = results.resolve(lesson.name());
        this.steps = steps;
        this.seeds = seeds;
        this.rates = rates(rates);
    }

    /** Twice as large from one to the next. */
    static List<Double> rates(int count) {
        List<Double> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(LEAST_RATE * Math.pow(2, i * (Rates.RATES - 1.0) / (count - 1)));
        }
        return all;
    }

    /**
     * Arguments: digits; pictures of something else, or empty for digits in other clothes; the folder of results; steps;
     * seeds; rates; names of methods, separated by commas, or empty for all.
     */
    public static void main(String[] args) throws IOException {
        Digits digits = Digits.load(args[0]);
        boolean fashion = !args[1].isEmpty();
        Digits other = fashion ? Digits.load(args[1]) : null;
        DigitSet train = fashion ? other.train() : digits.train().in(Domain.INVERTED_ROTATED);
        DigitSet test = fashion ? other.test() : digits.test().in(Domain.INVERTED_ROTATED);
        int steps = Integer.parseInt(args[3]);
        boolean quick = steps < Contender.STEPS;
        int tested = quick ? QUICK_TEST : test.size();
        Lesson adapting = new Lesson(
                ADAPTING,
                train,
                test.first(tested),
                Lesson.learned(digits.train(), quick ? steps : BASE_STEPS, RateGrid.TUNING_SEED));
        Lesson scratch = new Lesson(FROM_SCRATCH, digits.train(), digits.test().first(tested), null);
        List<String> names = args[6].isEmpty() ? List.of() : List.of(args[6].split(","));
        for (Lesson lesson : List.of(adapting, scratch)) {
            Race race = new Race(lesson, Path.of(args[2]), steps, Integer.parseInt(args[4]), Integer.parseInt(args[5]));
            for (Contender contender : contenders(lesson.name())) {
                if (names.isEmpty() || names.contains(contender.name())) {
                    race.run(contender);
                }
            }
        }
    }

    static List<Contender> contenders(String lesson) {
        return lesson.equals(ADAPTING) ? Contender.adapting() : Contender.fromScratch();
    }

    static Path file(Path results, String lesson, Contender contender) {
        return results.resolve(lesson).resolve(contender.id() + ".json");
    }

    /** What a method came to; null if it did not run. */
    static Outcome outcome(Path results, String lesson, Contender contender) throws IOException {
        Path file = file(results, lesson, contender);
        return Files.exists(file) ? Json.read(file, new TypeReference<Outcome>() {}) : null;
    }

    private void run(Contender contender) throws IOException {
        Outcome before = outcome(results.getParent(), lesson.name(), contender);
        if (before == null || !before.isOf(contender, steps)) {
            long begin = System.nanoTime();
            Outcome outcome = of(contender);
            Json.write(file(results.getParent(), lesson.name(), contender), outcome);
            System.out.printf(
                    "%s, %s: %s in %.0f s%n",
                    lesson.name(),
                    contender.id(),
                    outcome.hasFailed()
                            ? outcome.failure()
                            : String.format("%.2f %% at %s", 100 * outcome.accuracy(), RateGrid.shown(outcome.rate())),
                    (System.nanoTime() - begin) / 1e9);
        }
        Path grid = grid(results.getParent(), contender);
        if (lesson.name().equals(ADAPTING) && EXHAUSTIVE.contains(contender.name()) && !Files.exists(grid)) {
            Map<String, Double> losses = new LinkedHashMap<>();
            for (double rate : rates) {
                losses.put(Double.toString(rate), loss(contender, new Candidate(rate, null), steps));
            }
            Json.write(grid, losses);
            System.out.println("all rates of " + contender.id());
        }
    }

    static Path grid(Path results, Contender contender) {
        return results.resolve("all-rates").resolve(contender.id() + ".json");
    }

    private Outcome of(Contender contender) {
        try {
            int[] cost = new int[1];
            GridSearch search = new GridSearch(rates, List.of(), steps, (candidate, length) -> {
                cost[0] += length;
                return loss(contender, candidate, length);
            });
            double rate = search.best().rate();
            double[] accuracies = new double[seeds];
            double[][] losses = new double[seeds][];
            String said = "";
            for (int seed = 1; seed <= seeds; seed++) {
                MultiLayerNetwork network = lesson.network(contender.at(rate), seed);
                int number = seed;
                String heard = Lesson.said(() -> losses[number - 1] = lesson.losses(network, steps, number));
                said = heard;
                accuracies[seed - 1] = lesson.accuracy(network);
            }
            MultiLayerNetwork its = lesson.network(contender.at(rate), 1);
            MultiLayerNetwork reference = lesson.network(contender.reference(), 1);
            double[][] millis = new double[1][];
            Lesson.said(() -> millis[0] = lesson.millis(its, reference, ROUNDS, STEPS_OF_ROUND));
            List<String> lines = List.of(said.split("\\R"));
            AgentReport report = AgentReport.last(lines);
            Matcher kept = OF_METHODS.matcher(said);
            return new Outcome(
                    contender.rule(),
                    steps,
                    "",
                    rate,
                    search.isEdge(rate),
                    cost[0],
                    accuracies,
                    losses,
                    report.trainable(),
                    report.trainingBytes() + (kept.find() ? Amount.bytes(kept.group(1)) : 0),
                    millis[0][0],
                    millis[0][1]);
        } catch (RuntimeException | IOException failed) {
            return Outcome.failed(contender, steps, String.valueOf(failed.getMessage()));
        }
    }

    private double loss(Contender contender, Candidate candidate, int length) {
        double[][] losses = new double[1][];
        MultiLayerNetwork network = lesson.network(contender.at(candidate.rate()), RateGrid.TUNING_SEED);
        Lesson.said(() -> losses[0] = lesson.losses(network, length, RateGrid.TUNING_SEED));
        return loss(losses[0], length);
    }

    /** Of the first steps of some; infinite if it was not finite in one. */
    static double loss(double[] losses, int length) {
        return losses.length < length || !Double.isFinite(losses[length - 1])
                ? Double.POSITIVE_INFINITY
                : lastQuarter(Arrays.copyOf(losses, length));
    }

    static double lastQuarter(double[] losses) {
        int from = losses.length - Math.max(1, losses.length / GridSearch.QUARTER);
        return Arrays.stream(losses, from, losses.length).average().orElseThrow();
    }
}
