package org.lowrank4j.tests.pages.starts;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lowrank4j.method.Methods;
import org.lowrank4j.tests.pages.ChildJvm;
import org.lowrank4j.tests.pages.Progress;

/**
 * Adapts one base model from every start of the factors and writes the page that compares them. Each arm is a JVM of its
 * own that runs {@link Adapt}, an ordinary DL4J program; the start comes from the agent's arguments.
 */
public final class Starts {

    private Starts() {}

    public static void main(String[] args) throws Exception {
        StartsSettings.options().run(args, arguments -> compare(StartsSettings.of(arguments)));
    }

    private static void compare(StartsSettings settings) throws IOException, InterruptedException {
        requireMethods(settings.arms());
        System.out.println(
                settings.drawn()
                        ? "Data: built-in drawn digits. For MNIST, name the directory of its four files with --data DIR."
                        : "Data: MNIST from " + settings.data() + ".");
        System.out.printf(
                "Each arm trains %d networks of %d steps, in a JVM of its own.%n%n",
                Adapt.runs(settings.grid(), settings.seeds()), settings.steps());
        Progress progress =
                new Progress(System.out, Progress.isTerminal(), settings.arms().size() + 1);
        Map<StartArm.Base, Double> bases;
        List<ArmResult> results = new ArrayList<>();
        try {
            bases = makeBases(settings, progress);
            for (StartArm arm : settings.arms()) {
                results.add(run(settings, arm, progress));
            }
        } catch (IOException failed) {
            progress.breakLine();
            throw failed;
        }
        System.out.println();
        for (Path file : new StartsPage(settings, bases, results).write()) {
            System.out.println("Written: " + file);
        }
    }

    /** Before anything is trained, so that a missing method does not show after minutes. */
    private static void requireMethods(List<StartArm> arms) throws IOException {
        List<String> missing = Arms.missing(arms, Methods.load());
        if (!missing.isEmpty()) {
            throw new IOException("These rows of the table name a method that lowrank4j does not have: "
                    + String.join(", ", missing) + ". Leave them out with --arms LIST.");
        }
    }

    private static Map<StartArm.Base, Double> makeBases(StartsSettings settings, Progress progress)
            throws IOException, InterruptedException {
        progress.begin("base model");
        Map<StartArm.Base, Double> accuracies = new EnumMap<>(StartArm.Base.class);
        ChildJvm.run(
                List.of(),
                BaseModels.class,
                List.of(
                        "--out=" + settings.base(StartArm.Base.TRAINED).getParent(),
                        "--data=" + settings.data(),
                        "--steps=" + settings.baseSteps()),
                line -> {
                    for (StartArm.Base base : StartArm.Base.values()) {
                        String start = BaseModels.OUTCOME + base.file + ": ";
                        if (line.startsWith(start)) {
                            accuracies.put(base, Double.parseDouble(line.substring(start.length())));
                        }
                    }
                });
        progress.end(String.format(
                Locale.ROOT,
                "%.2f %%, rounded %.2f %%",
                100 * accuracies.get(StartArm.Base.TRAINED),
                100 * accuracies.get(StartArm.Base.ROUNDED)));
        return accuracies;
    }

    private static ArmResult run(StartsSettings settings, StartArm arm, Progress progress)
            throws IOException, InterruptedException {
        progress.begin(arm.name());
        List<String> jvmOptions = new ArrayList<>();
        if (arm.usesAgent()) {
            String original = settings.base(StartArm.Base.TRAINED).toString();
            jvmOptions.add("-javaagent:" + settings.agent() + "=" + arm.agentArguments(original));
        }
        Path file = settings.runs(arm);
        List<String> errors = ChildJvm.run(
                jvmOptions,
                Adapt.class,
                List.of(
                        "--base=" + settings.base(arm.base()),
                        "--out=" + file,
                        "--data=" + settings.data(),
                        "--body=" + (arm.training() == StartArm.Training.STOCK_FROZEN_BODY ? "frozen" : "trained"),
                        "--rates=" + settings.grid().toString().replace(" ", ""),
                        "--seeds=" + settings.seeds(),
                        "--steps=" + settings.steps()),
                progress::line);
        ArmResult result = ArmResult.collect(arm, file, errors);
        List<String> outcomes = new ArrayList<>();
        for (Task task : Task.values()) {
            outcomes.add(String.format(
                    Locale.ROOT,
                    "%s %.2f %%",
                    task,
                    100 * Spread.of(result.values(task, Metric.ACCURACY)).mean()));
        }
        progress.end(String.join(", ", outcomes));
        return result;
    }
}
