package org.lowrank4j.tests.pages.published;

import digits.DigitSet;
import digits.Digits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.compression.RankChoice;
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

/** Training that ends in a smaller network: TRP and Maestro against plain training that is cut afterwards. */
public final class Shrinking {

    /** The first digits of the training set, which choose rates and train nothing. */
    private static final int VALIDATION_DIGITS = 5_000;

    private static final String PAGE = "shrinking";
    private static final Criterion CRITERION = Criterion.VALIDATION_LOSS;
    private static final String PLAIN = "plain";
    private static final String WITHOUT_NUCLEAR = ", no nuclear norm";

    /** The least singular value that stays. */
    private static final double LEAST = 0.05;

    /** The part of the parameters that Trained Rank Pruning leaves of ResNet-20 at a loss of {@link #PUBLISHED_LOSS}. */
    private static final double PUBLISHED_PART = 1 / 2.17;

    private static final double PUBLISHED_LOSS = 0.0124;

    private final DigitSettings settings;
    private final Recipe recipe;
    private final RateGrid rates;
    private final List<Double> energies;
    private final List<String> lassos;
    private final List<Double> cuts;
    private final DigitSet test;
    private final Map<String, Result> results = new LinkedHashMap<>();
    private final Map<String, List<SmallNetwork>> small = new LinkedHashMap<>();
    /** Plain training, cut to the size of each of the others. */
    private final Map<String, List<SmallNetwork>> plainAtSize = new LinkedHashMap<>();

    private final Map<Double, List<SmallNetwork>> plainCut = new LinkedHashMap<>();

    public Shrinking(DigitSettings settings) throws IOException {
        this.settings = settings;
        boolean quick = settings.quick();
        int epochs = quick ? 2 : 8;
        int epochSteps = quick ? 40 : 100;
        recipe = new Recipe(
                List.of(128, 64),
                false,
                quick ? 5_000 : 20_000,
                128,
                epochs,
                epochSteps,
                1_000,
                0,
                epochs * epochSteps,
                0);
        rates = RateGrid.parse(quick ? "0.03" : "0.01,0.03,0.1");
        energies = quick ? List.of(0.9) : List.of(0.99, 0.96, 0.9);
        lassos = quick ? List.of("2e-3") : List.of("1e-3", "2e-3", "5e-3");
        cuts = quick ? List.of(0.5) : List.of(0.98, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3);
        test = Digits.load(settings.data()).test();
    }

    public void run() throws IOException, InterruptedException {
        List<Arm> arms = arms();
        Trials trials = new Trials(settings, arms.size());
        Training training = Training.ofNew(settings.data(), recipe, VALIDATION_DIGITS);
        // One rate for each method: chosen with its middle setting, which is the first of the method's arms.
        Map<String, Double> chosen = new LinkedHashMap<>();
        for (Arm arm : arms) {
            String method = method(arm.name());
            Arm asked = chosen.containsKey(method) ? arm.at(chosen.get(method)) : arm;
            Result result = trials.run(asked, training.savingTo(models(arm.name())), CRITERION);
            chosen.putIfAbsent(method, result.rate());
            results.put(arm.name(), new Result(arm, result.runs(), result.said()));
        }
        shrink();
        page().write();
    }

    private List<Arm> arms() {
        List<Arm> arms = new ArrayList<>();
        arms.add(arm(PLAIN, "", "stock DL4J, cut by singular values afterwards"));
        String trp = "bias=all,update=trp,trp.interval=20,trp.energy=";
        for (double energy : middleFirst(energies)) {
            arms.add(arm(trp(energy), trp + energy, "arXiv 2004.14566, nuclear norm 3e-4 as released"));
        }
        double middle = middleFirst(energies).get(0);
        arms.add(arm(
                trp(middle) + WITHOUT_NUCLEAR,
                trp + middle + ",trp.nuclear-weight=0",
                "the same without its nuclear norm"));
        for (String lasso : middleFirst(lassos)) {
            arms.add(arm(maestro(lasso), "bias=all,update=maestro,maestro.lasso=" + lasso, "arXiv 2308.14929"));
        }
        return arms;
    }

    private static <T> List<T> middleFirst(List<T> settings) {
        List<T> sorted = new ArrayList<>(settings);
        sorted.add(0, sorted.remove(sorted.size() / 2));
        return sorted;
    }

    private Arm arm(String name, String rule, String note) {
        return new Arm(name, Optimiser.MOMENTUM, rates, rule, note);
    }

    private static String method(String arm) {
        return arm.split(",")[0];
    }

    private static String trp(double energy) {
        return "TRP, e = " + energy;
    }

    private static String maestro(String lasso) {
        return "Maestro, lasso " + lasso;
    }

    private Path models(String arm) {
        return settings.out().resolve("models").resolve(arm.replaceAll("[^\\w.]+", "-"));
    }

    private MultiLayerNetwork trained(String arm, int seed) throws IOException {
        return ModelSerializer.restoreMultiLayerNetwork(
                Training.model(models(arm), seed).toFile(), false);
    }

    /** Writes all small networks and measures them. */
    private void shrink() throws IOException {
        Path file = settings.out().resolve("small.zip");
        for (int seed = 1; seed <= settings.seeds(); seed++) {
            MultiLayerNetwork plain = trained(PLAIN, seed);
            for (double energy : cuts) {
                add(plainCut, energy, SmallNetwork.of(plain, RankChoice.energy(energy), file, test));
            }
            for (String arm : results.keySet()) {
                if (!arm.equals(PLAIN)) {
                    SmallNetwork network = SmallNetwork.of(
                            trained(arm, seed),
                            RankChoice.threshold(LEAST),
                            models(arm).resolve("small-seed-" + seed + ".zip"),
                            test);
                    add(small, arm, network);
                    double energy = SmallNetwork.energyFor(plain, network.parameters());
                    add(plainAtSize, arm, SmallNetwork.of(plain, RankChoice.energy(energy), file, test));
                }
            }
        }
    }

    private static <K> void add(Map<K, List<SmallNetwork>> all, K key, SmallNetwork network) {
        all.computeIfAbsent(key, none -> new ArrayList<>()).add(network);
    }

    private static double[] parameters(List<SmallNetwork> networks) {
        return networks.stream().mapToDouble(SmallNetwork::parameters).toArray();
    }

    private static double[] accuracies(List<SmallNetwork> networks) {
        return networks.stream().mapToDouble(SmallNetwork::accuracy).toArray();
    }

    private static double mean(double[] values) {
        return Spread.of(values).mean();
    }

    private Page page() {
        Page page = Page.onDigits(
                settings,
                PAGE,
                "Training that ends in a smaller network",
                "Trained Rank Pruning (TRP, arXiv 2004.14566) and Maestro (arXiv 2308.14929) train all of a network so that thin"
                        + " layers can stand for its weights in the end; against plain training whose weights are cut to their"
                        + " largest singular values afterwards.");
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "A %s network (%,d parameters), ReLU, %s, with SGD and Nesterov's momentum of 0.9, as published (there without"
                        + " Nesterov). The rate falls to 0 over all steps in %d equal stairs.",
                recipe.network(),
                recipe.parameters(),
                recipe.training(),
                Recipe.STAIRS));
        page.item("Rates: plain training, TRP and Maestro each take the one of " + rates + " with " + CRITERION.words
                + ", on a seed of its own and, where there are several settings, with the first one of the rules below."
                + " A * marks a rate at the edge of these.");
        page.item(
                "TRP cuts every 20 steps, as in the paper for CIFAR-10, and the training ends with a cut. Maestro shrinks"
                        + " before each epoch of " + recipe.epochSteps() + " steps.");
        page.item(
                "Small networks: `FactoredModel` writes each trained network with `RankChoice.threshold(" + LEAST
                        + ")`, as in the released code of TRP: what training has left of the ranks. The file is a model of stock DL4J; it is read and evaluated without the agent.");
        page.item(
                "Plain, cut: the network of plain training with the same seed, cut by `RankChoice.energy` to at most as many"
                        + " parameters and as close to them as its singular values allow. None is trained on after that.");
        page.item(String.format(
                Locale.ROOT,
                "Numbers: %d seeds, none of them the one that chose the rate; mean +- standard deviation.",
                settings.seeds()));
        table(page);
        page.chart("", "Accuracy against parameters", chart());
        Papers.claims(page, claims());
        Papers.rules(page, results.values().stream().map(Result::arm).toList());
        return page;
    }

    private void table(Page page) {
        page.section("Results");
        page.header(
                "arm",
                "kept parameters",
                "of all",
                "accuracy as trained",
                "of the small network",
                "plain, cut",
                "rate");
        for (Result result : results.values()) {
            boolean isSmall = small.containsKey(result.name());
            double[] kept = isSmall ? parameters(small.get(result.name())) : new double[] {recipe.parameters()};
            page.row(List.of(
                    result.name(),
                    Form.COUNT.meanOf(kept),
                    String.format(Locale.ROOT, "%.1f %%", 100 * mean(kept) / recipe.parameters()),
                    Form.PERCENT.meanOf(result.values(Run::accuracy)),
                    isSmall ? Form.PERCENT.meanOf(accuracies(small.get(result.name()))) : "",
                    isSmall ? Form.PERCENT.meanOf(accuracies(plainAtSize.get(result.name()))) : "",
                    result.shownRate()));
        }
        page.paragraph("Plain training, cut to several energies:");
        page.header("energy", "kept parameters", "of all", "accuracy");
        plainCut.forEach((energy, networks) -> page.row(List.of(
                Double.toString(energy),
                Form.COUNT.meanOf(parameters(networks)),
                String.format(Locale.ROOT, "%.1f %%", 100 * mean(parameters(networks)) / recipe.parameters()),
                Form.PERCENT.meanOf(accuracies(networks)))));
    }

    private List<Claim> claims() {
        List<Claim> claims = new ArrayList<>();
        for (String arm : small.keySet()) {
            claims.add(Claim.higher(
                    arm + " is more accurate than plain training cut to its size",
                    Form.PERCENT,
                    accuracies(small.get(arm)),
                    accuracies(plainAtSize.get(arm)),
                    0));
        }
        double middle = middleFirst(energies).get(0);
        claims.add(Claim.lower(
                "TRP's nuclear norm makes the network smaller",
                Form.COUNT,
                parameters(small.get(trp(middle))),
                parameters(small.get(trp(middle) + WITHOUT_NUCLEAR))));
        if (lassos.size() > 1) {
            String least = maestro(lassos.get(0));
            String most = maestro(lassos.get(lassos.size() - 1));
            claims.add(Claim.lower(
                    "Maestro's network is smaller with a larger lasso",
                    Form.COUNT,
                    parameters(small.get(most)),
                    parameters(small.get(least))));
        }
        for (String method : List.of("TRP", "Maestro")) {
            claims.add(published(method));
        }
        return claims;
    }

    /** Whether one of a method's networks has at most the published part of the parameters at the published loss. */
    private Claim published(String method) {
        double plain = mean(results.get(PLAIN).values(Run::accuracy));
        String best = "";
        double highest = 0;
        for (String arm : small.keySet()) {
            double accuracy = mean(accuracies(small.get(arm)));
            boolean fits = mean(parameters(small.get(arm))) <= PUBLISHED_PART * recipe.parameters();
            if (arm.startsWith(method) && fits && accuracy > highest) {
                best = arm;
                highest = accuracy;
            }
        }
        return Claim.seen(
                String.format(
                        Locale.ROOT,
                        "%s has a network of at most %.0f %% of the parameters that is at most %.2f points less accurate than"
                                + " all of them (published for TRP and ResNet-20)",
                        method,
                        100 * PUBLISHED_PART,
                        100 * PUBLISHED_LOSS),
                highest >= plain - PUBLISHED_LOSS,
                best.isEmpty()
                        ? "none is that small"
                        : best + " " + Form.PERCENT.meanOf(highest) + " against " + Form.PERCENT.meanOf(plain));
    }

    private Chart chart() {
        List<Line> lines = new ArrayList<>();
        lines.add(line("plain, cut", List.copyOf(plainCut.values())));
        lines.add(line("TRP", of("TRP", false)));
        lines.add(line("TRP" + WITHOUT_NUCLEAR, of("TRP", true)));
        lines.add(line("Maestro", of("Maestro", false)));
        double[] x =
                lines.stream().flatMapToDouble(line -> Arrays.stream(line.x())).toArray();
        double least = Arrays.stream(x).min().orElseThrow();
        double highest = 100 * mean(results.get(PLAIN).values(Run::accuracy));
        lines.add(new Line(
                "plain, all parameters",
                new double[] {least, recipe.parameters()},
                new double[] {highest, highest},
                Mark.DASHES));
        double lowest = lines.stream()
                .flatMapToDouble(line -> Arrays.stream(line.y()))
                .min()
                .orElseThrow();
        Chart chart = new Chart(
                "Smaller networks: accuracy, mean of " + settings.seeds() + " seeds",
                new Axis("parameters", least * 0.9, recipe.parameters() * 1.05, true),
                new Axis("test accuracy, %", Math.max(lowest - 1, highest - 25), highest + 1, false),
                Legend.LOWER_RIGHT);
        lines.forEach(chart::add);
        return chart;
    }

    private List<List<SmallNetwork>> of(String method, boolean withoutNuclear) {
        return small.entrySet().stream()
                .filter(entry ->
                        entry.getKey().startsWith(method) && entry.getKey().endsWith(WITHOUT_NUCLEAR) == withoutNuclear)
                .map(Map.Entry::getValue)
                .toList();
    }

    private static Line line(String title, List<List<SmallNetwork>> settings) {
        List<double[]> points = settings.stream()
                .map(networks -> new double[] {mean(parameters(networks)), 100 * mean(accuracies(networks))})
                .sorted((one, other) -> Double.compare(one[0], other[0]))
                .toList();
        return new Line(
                title,
                points.stream().mapToDouble(point -> point[0]).toArray(),
                points.stream().mapToDouble(point -> point[1]).toArray(),
                Mark.DOTS);
    }
}
