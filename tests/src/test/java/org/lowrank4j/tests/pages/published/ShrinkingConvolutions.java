package org.lowrank4j.tests.pages.published;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.lowrank4j.tests.pages.ChildJvm;
import org.lowrank4j.tests.pages.DigitSettings;
import org.lowrank4j.tests.pages.Form;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Spread;
import org.lowrank4j.tests.pages.published.ResidualNetworks.Way;

/** TRP and Maestro on a small residual network. */
public final class ShrinkingConvolutions {

    private static final int STEPS = 600;
    private static final int QUICK_STEPS = 40;
    private static final int TEST_DIGITS = 4_000;
    private static final int QUICK_TEST_DIGITS = 500;
    private static final List<String> WAYS = List.of(
            "PLAIN:0", "CHANNEL:0.98", "CHANNEL:0.9", "SPATIAL:0.98", "SPATIAL:0.9", "MAESTRO:1e-3", "MAESTRO:5e-3");

    /** One network. */
    private record Run(long parameters, double trained, long kept, double cut, double plain) {}

    private final DigitSettings settings;
    private final int steps;
    private final Map<String, List<Run>> runs = new LinkedHashMap<>();

    public ShrinkingConvolutions(DigitSettings settings) {
        this.settings = settings;
        steps = settings.quick() ? QUICK_STEPS : STEPS;
    }

    /** Trains all networks and writes the page. */
    public void run() throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(
                settings.data(),
                String.valueOf(steps),
                String.valueOf(settings.seeds()),
                String.valueOf(settings.quick() ? QUICK_TEST_DIGITS : TEST_DIGITS)));
        arguments.addAll(settings.quick() ? List.of("PLAIN:0", "CHANNEL:0.9", "SPATIAL:0.9", "MAESTRO:5e-3") : WAYS);
        ChildJvm.run(
                List.of("-javaagent:" + settings.agent(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"),
                ResidualNetworks.class,
                arguments,
                this::take);
        page().write();
    }

    private void take(String line) {
        String[] words = line.split(" ");
        if (words[0].equals("result")) {
            System.out.println(line);
            runs.computeIfAbsent(words[1], absent -> new ArrayList<>())
                    .add(new Run(
                            Long.parseLong(words[3]),
                            Double.parseDouble(words[4]),
                            Long.parseLong(words[5]),
                            Double.parseDouble(words[6]),
                            Double.parseDouble(words[7])));
        }
    }

    private static String name(String asked) {
        String[] words = asked.split(":");
        return switch (Way.valueOf(words[0])) {
            case PLAIN -> "plain";
            case CHANNEL -> "TRP, channel, e = " + words[1];
            case SPATIAL -> "TRP, spatial, e = " + words[1];
            case MAESTRO -> "Maestro, lasso " + words[1];
        };
    }

    private static double[] values(List<Run> some, ToDoubleFunction<Run> number) {
        return some.stream().mapToDouble(number).toArray();
    }

    private Page page() {
        Page page = Page.onDigits(
                settings,
                "shrinking-convolutions",
                "Convolutions that end smaller",
                "Trained Rank Pruning (TRP, arXiv 2004.14566) and Maestro (arXiv 2308.14929) on a small residual network;"
                        + " [dense layers](shrinking.md) have a page of their own.");
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "A convolution of stride 2, three residual blocks of two convolutions of 3 x 3 (16, 32 and 32 filters), global pooling"
                        + " and an output layer; no batch normalisation. %d steps of %d with Nesterov's momentum at %s, which falls to 0"
                        + " in %d stairs.",
                steps,
                ResidualNetworks.BATCH,
                ResidualNetworks.RATE,
                ResidualNetworks.STAIRS));
        page.item(
                "TRP cuts every 20 steps, by channel or by column and row (`trp.form`); Maestro shrinks every 100. Each trained"
                        + " network is cut to the singular values above " + ResidualNetworks.LEAST
                        + ", as in the released code of TRP, by `svd` or `svd-spatial`, and not trained on.");
        page.item(
                "*Plain, cut*: plain training with the same seed, cut by the same factorisation to at most as many parameters.");
        page.item(String.format(
                Locale.ROOT,
                "%d seeds; mean +- standard deviation, of the first %,d test digits.",
                settings.seeds(),
                settings.quick() ? QUICK_TEST_DIGITS : TEST_DIGITS));
        page.section("Results");
        page.header("way", "kept parameters", "of all", "accuracy as trained", "cut", "plain, cut");
        runs.forEach((asked, some) -> {
            double all = some.get(0).parameters();
            double kept = Spread.of(values(some, Run::kept)).mean();
            page.row(List.of(
                    name(asked),
                    Form.COUNT.meanOf(values(some, Run::kept)),
                    String.format(Locale.ROOT, "%.1f %%", 100 * kept / all),
                    Form.PERCENT.meanOf(values(some, Run::trained)),
                    Form.PERCENT.meanOf(values(some, Run::cut)),
                    Form.PERCENT.meanOf(values(some, Run::plain))));
        });
        page.section("What is published");
        page.paragraph(
                "TRP with its nuclear norm, ResNet-20 on CIFAR-10, 91.74 % with 0.27 million parameters: by channel 90.50 % with 0.10"
                        + " million, spatially 90.62 % with 0.08 million. Maestro, VGG-19 on CIFAR-10: 93.10 % with 2.2 of 20 million, 0.16"
                        + " points above the whole network. Their runs take 164 and 300 epochs; this one takes part of one, on digits. The"
                        + " shape to look for: most of the accuracy at 30 to 40 % of the parameters, where plain training that is cut has"
                        + " lost it.");
        findings(page);
        return page;
    }

    private void findings(Page page) {
        double whole = Spread.of(values(runs.get("PLAIN:0"), Run::trained)).mean();
        runs.forEach((asked, some) -> {
            if (!asked.startsWith("PLAIN")) {
                page.item(String.format(
                        Locale.ROOT,
                        "%s keeps %.0f %% of the parameters and is %.2f points from plain training; plain training cut to that size is %.2f.",
                        name(asked),
                        100
                                * Spread.of(values(some, Run::kept)).mean()
                                / some.get(0).parameters(),
                        100 * (Spread.of(values(some, Run::cut)).mean() - whole),
                        100 * (Spread.of(values(some, Run::plain)).mean() - whole)));
            }
        });
    }
}
