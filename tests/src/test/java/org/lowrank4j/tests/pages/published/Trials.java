package org.lowrank4j.tests.pages.published;

import digits.AgentReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lowrank4j.tests.pages.ChildJvm;
import org.lowrank4j.tests.pages.Progress;
import org.lowrank4j.tests.pages.starts.RateGrid;
import org.lowrank4j.tests.pages.starts.Spread;

/** Trains the arms of a page, each in JVMs of its own, as a user would: with the agent and its arguments, or without. */
final class Trials {

    private final Settings settings;
    private final Progress progress;
    private final List<String> jvmOptions;

    /** @param arms how many lines the progress has */
    Trials(Settings settings, int arms) {
        this(settings, arms, List.of());
    }

    /** @param jvmOptions for all JVMs */
    Trials(Settings settings, int arms, List<String> jvmOptions) {
        this.settings = settings;
        this.progress = new Progress(System.out, Progress.isTerminal(), arms);
        this.jvmOptions = jvmOptions;
        System.out.println(
                settings.drawn()
                        ? "Data: built-in drawn digits. For MNIST, name the directory of its four files with --data DIR."
                        : "Data: MNIST from " + settings.data() + ".");
    }

    /** Chooses the rate on the tuning seed and trains with it on all others. */
    Result run(Arm arm, Recipe recipe, Criterion criterion) throws IOException, InterruptedException {
        return run(arm, recipe, criterion, List.of());
    }

    /**
     * Chooses the rate on the tuning seed and trains with it on all others.
     *
     * @param options further ones for {@link Train}
     */
    Result run(Arm arm, Recipe recipe, Criterion criterion, List<String> options)
            throws IOException, InterruptedException {
        progress.begin(arm.name());
        try {
            RateGrid chosen = arm.rates();
            if (chosen.rates().size() > 1) {
                Result tuning = train(arm, recipe, chosen, List.of(RateGrid.TUNING_SEED), options);
                chosen = RateGrid.parse(RateGrid.shown(chosen.best(tuning.values(criterion::of))));
            }
            List<Integer> seeds =
                    IntStream.rangeClosed(1, settings.seeds()).boxed().toList();
            Result measured = train(arm, recipe, chosen, seeds, options);
            // With all rates that there were to choose from.
            Result result = new Result(arm, measured.runs(), measured.said());
            progress.end(String.format(
                    Locale.ROOT,
                    "%.2f %% at rate %s",
                    100 * Spread.of(result.values(Run::accuracy)).mean(),
                    result.shownRate()));
            return result;
        } catch (IOException failed) {
            progress.breakLine();
            throw failed;
        }
    }

    /** Trains with each of the rates and seeds, in one JVM. */
    Result train(Arm arm, Recipe recipe, RateGrid rates, List<Integer> seeds, List<String> options)
            throws IOException, InterruptedException {
        Path out = settings.out().resolve("runs").resolve(arm.name().replaceAll("[^\\w.]+", "-") + ".csv");
        List<String> java = new ArrayList<>(jvmOptions);
        if (arm.usesAgent()) {
            java.add("-javaagent:" + settings.agent() + "=" + arm.rule());
        }
        List<String> arguments = new ArrayList<>(recipe.arguments());
        arguments.addAll(List.of(
                "--data=" + settings.data(),
                "--out=" + out,
                "--optimiser=" + arm.optimiser(),
                "--rates=" + rates.toString().replace(" ", ""),
                "--seeds=" + seeds.stream().map(String::valueOf).collect(Collectors.joining(","))));
        arguments.addAll(options);
        List<String> errors = ChildJvm.run(java, Train.class, arguments, progress::line);
        List<Run> runs = new ArrayList<>();
        for (String line : Files.readAllLines(out)) {
            runs.add(arm.usesAgent() ? Run.parse(line).as(AgentReport.last(errors)) : Run.parse(line));
        }
        return new Result(arm, runs, errors);
    }
}
