package org.lowrank4j.tests.pages.starts;

import static org.lowrank4j.tests.pages.starts.Arms.FULL;
import static org.lowrank4j.tests.pages.starts.Arms.KAIMING;
import static org.lowrank4j.tests.pages.starts.Arms.KAIMING_ROUNDED;
import static org.lowrank4j.tests.pages.starts.Metric.ACCURACY;
import static org.lowrank4j.tests.pages.starts.Metric.KEPT;
import static org.lowrank4j.tests.pages.starts.Metric.START;
import static org.lowrank4j.tests.pages.starts.Metric.TRAINED;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.DoubleStream;
import org.lowrank4j.tests.pages.Claim;

/** What the papers claim, and what of it can be seen on these tasks. */
final class Claims {

    private Claims() {}

    /**
     * What a paper says about a start.
     *
     * @param arm the row it is about
     * @param source the paper
     * @param text what it says, in our words
     * @param checks what would be seen here if it held here too
     */
    record Expected(String arm, String source, String text, List<Check> checks) {}

    /**
     * One comparison with another row.
     *
     * @param metric what is compared
     * @param better whether it should be better, or only as good, up to the spread
     * @param than the other row
     */
    record Check(Metric metric, boolean better, String than) {

        String expectation() {
            return better ? metric.better() + " than " + than : metric.title() + " as good as that of " + than;
        }

        /**
         * Compares two rows seed by seed.
         *
         * @param steps how many steps the runs had
         * @return nothing where there is nothing to compare in this task
         */
        Optional<Claim> of(double[] arm, double[] other, int steps) {
            if (DoubleStream.concat(Arrays.stream(arm), Arrays.stream(other)).anyMatch(Double::isNaN)) {
                return Optional.empty();
            }
            DoubleFunction<String> form = value -> metric.shown(value, steps);
            if (metric.lowerIsBetter()) {
                return Optional.of(
                        better
                                ? Claim.lower(expectation(), form, arm, other)
                                : Claim.asLow(expectation(), form, arm, other));
            }
            return Optional.of(
                    better
                            ? Claim.higher(expectation(), form, arm, other, 0)
                            : Claim.asHigh(expectation(), form, arm, other, 0));
        }
    }

    /**
     * All claims, in the order of the table.
     *
     * @param targetLoss the loss to count steps to
     */
    static List<Expected> all(double targetLoss) {
        Metric soon = Metric.lossAfter(50);
        Metric later = Metric.lossAfter(100);
        Metric steps = Metric.stepsTo(targetLoss);
        return List.of(
                claim(
                        KAIMING,
                        "arXiv 2106.09685",
                        "as good as full fine-tuning with a small part of its trained parameters",
                        asGood(ACCURACY, FULL),
                        better(TRAINED, FULL)),
                claim(
                        "pissa",
                        "arXiv 2404.02948",
                        "converges faster than LoRA and ends better",
                        better(soon, KAIMING),
                        better(steps, KAIMING),
                        better(ACCURACY, KAIMING)),
                claim(
                        "pissa-fast",
                        "arXiv 2404.02948",
                        "a few power iterations start sooner and train as well as the exact decomposition",
                        asGood(later, "pissa"),
                        asGood(ACCURACY, "pissa"),
                        better(START, "pissa")),
                claim(
                        "milora",
                        "arXiv 2406.09044",
                        "ends better than LoRA and PiSSA, and disturbs less of what W knows",
                        better(ACCURACY, KAIMING),
                        better(ACCURACY, "pissa"),
                        better(KEPT, "pissa")),
                claim(
                        "olora",
                        "arXiv 2406.01775",
                        "converges faster than LoRA and ends better",
                        better(soon, KAIMING),
                        better(steps, KAIMING),
                        better(ACCURACY, KAIMING)),
                claim(
                        "eva",
                        "arXiv 2410.07170",
                        "converges faster than LoRA and ends better",
                        better(soon, KAIMING),
                        better(steps, KAIMING),
                        better(ACCURACY, KAIMING)),
                claim(
                        "corda-ipm",
                        "arXiv 2406.05223",
                        "learns the new task better than LoRA and PiSSA",
                        better(ACCURACY, KAIMING),
                        better(ACCURACY, "pissa")),
                claim(
                        "corda-kpm",
                        "arXiv 2406.05223",
                        "keeps more old knowledge than LoRA and than its other mode",
                        better(KEPT, KAIMING),
                        better(KEPT, "corda-ipm")),
                claim(
                        "lora-ga",
                        "arXiv 2407.05000",
                        "converges 2 to 4 times faster than LoRA and ends better, close to full fine-tuning",
                        better(soon, KAIMING),
                        better(steps, KAIMING),
                        better(ACCURACY, KAIMING),
                        asGood(ACCURACY, FULL)),
                claim(
                        "lora-ga-8",
                        "arXiv 2407.05000",
                        "takes the gradient of several batches, which is nearer to that of all data than one batch's",
                        better(later, "lora-ga"),
                        better(ACCURACY, "lora-ga")),
                claim(
                        "lora-one",
                        "arXiv 2502.01235",
                        "one full step taken at rank r: lower loss early, and better than LoRA and LoRA-GA in the end",
                        better(Metric.lossAfter(20), KAIMING),
                        better(ACCURACY, KAIMING),
                        better(ACCURACY, "lora-ga")),
                claim(
                        "lora-xs",
                        "arXiv 2405.17604",
                        "as good as LoRA with over a hundred times fewer trained parameters",
                        asGood(ACCURACY, KAIMING),
                        better(TRAINED, KAIMING)),
                claim(
                        "lora-sb",
                        "arXiv 2411.19557",
                        "better than LoRA-XS, as good as LoRA with far fewer trained parameters",
                        better(ACCURACY, "lora-xs"),
                        asGood(ACCURACY, KAIMING),
                        better(TRAINED, KAIMING)),
                claim(
                        "loldu",
                        "arXiv 2410.13618",
                        "comparable to LoRA with far fewer trained parameters",
                        asGood(ACCURACY, KAIMING),
                        better(TRAINED, KAIMING)),
                claim(
                        "loftq",
                        "arXiv 2310.08659",
                        "a better start than LoRA on a quantised base, and a better end",
                        better(Metric.lossAfter(20), KAIMING_ROUNDED),
                        better(ACCURACY, KAIMING_ROUNDED)),
                claim(
                        "eora",
                        "arXiv 2410.21271",
                        "a better start than LoRA on a compressed base, and a better end",
                        better(Metric.lossAfter(20), KAIMING_ROUNDED),
                        better(ACCURACY, KAIMING_ROUNDED)));
    }

    private static Expected claim(String arm, String source, String text, Check... checks) {
        return new Expected(arm, source, text, Arrays.asList(checks));
    }

    private static Check better(Metric metric, String than) {
        return new Check(metric, true, than);
    }

    private static Check asGood(Metric metric, String than) {
        return new Check(metric, false, than);
    }
}
