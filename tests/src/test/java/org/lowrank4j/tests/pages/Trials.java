package org.lowrank4j.tests.pages;

import digits.AgentReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.shade.jackson.core.type.TypeReference;

/** Trains the arms of a page, each in a JVM of its own, as a user would: with the agent and its arguments, or without. */
public final class Trials {

    private final DigitSettings settings;
    private final Progress progress;
    private final List<String> jvmOptions;

    /** @param lines how many lines the progress has */
    public Trials(DigitSettings settings, int lines) {
        this(settings, lines, List.of());
    }

    /** @param jvmOptions for all JVMs */
    public Trials(DigitSettings settings, int lines, List<String> jvmOptions) {
        this.settings = settings;
        this.progress = new Progress(System.out, Progress.isTerminal(), lines);
        this.jvmOptions = jvmOptions;
        System.out.println(
                settings.drawn()
                        ? "Data: built-in drawn digits. For MNIST, name the directory of its four files with --data DIR."
                        : "Data: MNIST from " + settings.data() + ".");
    }

    public Progress progress() {
        return progress;
    }

    /** Chooses the rate on a seed of its own and trains with it on all others. */
    public Result run(Arm arm, Training training, Criterion criterion) throws IOException, InterruptedException {
        return run(arm, List.of(training), criterion).get(0);
    }

    /** The same for several tasks, in one JVM; a result per task. */
    public List<Result> run(Arm arm, List<Training> trainings, Criterion criterion)
            throws IOException, InterruptedException {
        progress.begin(arm.name());
        List<Integer> seeds = IntStream.rangeClosed(1, settings.seeds()).boxed().toList();
        List<Trial> trials = trainings.stream()
                .map(training -> new Trial(
                        training.with(arm.optimiser()),
                        arm.rates().rates(),
                        arm.rates().rates().size() > 1 ? criterion : null,
                        seeds))
                .toList();
        List<Result> results = train(arm, trials).stream()
                .map(result -> new Result(
                        arm,
                        result.runs().stream()
                                .filter(run -> run.seed() != RateGrid.TUNING_SEED)
                                .toList(),
                        result.said()))
                .toList();
        progress.end(results.stream()
                .map(result -> String.format(
                        Locale.ROOT, "%.2f %% at rate %s", 100 * result.mean(Run::accuracy), result.shownRate()))
                .collect(Collectors.joining(", ")));
        return results;
    }

    /** Chooses the rate in a JVM of its own, so that the first network that is measured is the first of its JVM. */
    public Result runApart(Arm arm, Training training, Criterion criterion) throws IOException, InterruptedException {
        Trial tuning =
                new Trial(training.with(arm.optimiser()), arm.rates().rates(), null, List.of(RateGrid.TUNING_SEED));
        double[] losses = train(arm, List.of(tuning)).get(0).values(criterion::of);
        Result measured = run(arm.at(arm.rates().best(losses)), training, criterion);
        return new Result(arm, measured.runs(), measured.said());
    }

    /** Trains with each rate of an arm on each of the seeds. */
    public void train(Arm arm, Training training, List<Integer> seeds) throws IOException, InterruptedException {
        train(arm, List.of(new Trial(training.with(arm.optimiser()), arm.rates().rates(), null, seeds)));
    }

    /** Trains a network of each with its own seed, at the rate of the arm. */
    public void train(Arm arm, Map<Training, Integer> seeds) throws IOException, InterruptedException {
        List<Trial> trials = new ArrayList<>();
        seeds.forEach((training, seed) ->
                trials.add(new Trial(training.with(arm.optimiser()), arm.rates().rates(), null, List.of(seed))));
        train(arm, trials);
    }

    /** Trains all networks of some trials in one JVM; a result per trial, with all runs. */
    List<Result> train(Arm arm, List<Trial> trials) throws IOException, InterruptedException {
        Path directory = settings.out().resolve("runs");
        Path asked = directory.resolve(arm.fileName() + "-trials.json");
        Path answered = directory.resolve(arm.fileName() + "-runs.json");
        Json.write(asked, trials);
        List<String> java = new ArrayList<>(jvmOptions);
        if (arm.usesAgent()) {
            java.add("-javaagent:" + settings.agent() + "=" + arm.rule());
        }
        List<String> said;
        try {
            said = ChildJvm.run(java, Train.class, List.of(asked.toString(), answered.toString()), progress::line);
        } catch (IOException failed) {
            progress.breakLine();
            throw failed;
        }
        List<List<Run>> all = Json.read(answered, new TypeReference<List<List<Run>>>() {});
        return (arm.usesAgent() ? asReported(arm, all, AgentReport.all(said)) : all)
                .stream().map(runs -> new Result(arm, runs, said)).toList();
    }

    /** The agent reports each network before its first step; the program does not know what the agent trains. */
    static List<List<Run>> asReported(Arm arm, List<List<Run>> all, List<AgentReport> reports) throws IOException {
        int networks = all.stream().mapToInt(List::size).sum();
        if (reports.size() != networks) {
            throw new IOException("The agent reported on " + reports.size() + " networks, and " + arm.name()
                    + " trained " + networks + ".");
        }
        List<List<Run>> reported = new ArrayList<>();
        int next = 0;
        for (List<Run> runs : all) {
            List<Run> some = new ArrayList<>();
            for (Run run : runs) {
                some.add(run.as(reports.get(next++)));
            }
            reported.add(some);
        }
        return reported;
    }
}
