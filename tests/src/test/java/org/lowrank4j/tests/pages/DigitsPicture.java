package org.lowrank4j.tests.pages;

import digits.Arm;
import digits.Compare;
import digits.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs the digits' example and draws the learning curves of the README beside its table. */
@Command(
        name = "digits",
        mixinStandardHelpOptions = true,
        description = "Runs the digits' example, which prints its table, and draws its learning curves.")
public final class DigitsPicture implements Callable<Integer> {

    private static final int STEPS = 800;
    private static final int QUICK_STEPS = 100;

    @Mixin
    private DigitSettings settings;

    @Override
    public Integer call() throws Exception {
        Compare compare = new Compare();
        new CommandLine(compare)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .parseArgs(
                        "--data=" + settings.data(),
                        "--seeds=" + settings.seeds(),
                        "--steps=" + (settings.quick() ? QUICK_STEPS : STEPS),
                        "--out=" + settings.out(),
                        "--agent=" + settings.agent());
        Path file =
                Files.createDirectories(settings.site().resolve("resources")).resolve("digits-mnist.png");
        chart(compare.compare()).write(file);
        System.out.println("Written: " + file);
        return 0;
    }

    private static Chart chart(Map<Arm, List<Result>> results) {
        Map<String, double[]> curves = new LinkedHashMap<>();
        results.forEach((arm, runs) -> {
            double accuracy =
                    runs.stream().mapToDouble(Result::accuracy).average().orElseThrow();
            double[] mean = new double[runs.get(0).losses().length];
            for (Result run : runs) {
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += run.losses()[i] / runs.size();
                }
            }
            curves.put(String.format(Locale.ROOT, "%s (%.1f %%)", arm.title, 100 * accuracy), mean);
        });
        int seeds = results.values().iterator().next().size();
        return LearningCurves.of(
                "Fine-tuning to rotated digits, " + (seeds == 1 ? "1 seed" : "mean of " + seeds + " seeds"), curves);
    }
}
