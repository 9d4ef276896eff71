package org.lowrank4j.examples.digits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Compares four ways to fine-tune. Each run is a JVM of its own that runs {@link FineTune} as a user would; the arms
 * differ in its arguments and in whether {@code -javaagent} is given.
 */
public final class Compare {

    private Compare() {}

    public static void main(String[] args) throws Exception {
        Settings.options().run(args, arguments -> compare(Settings.of(arguments)));
    }

    private static void compare(Settings settings) throws IOException, InterruptedException {
        Files.createDirectories(settings.out());
        boolean needsBase = !Files.exists(settings.base());
        int runs = settings.arms().size() * settings.seeds() + (needsBase ? 1 : 0);
        Progress progress = new Progress(System.out, Progress.isTerminal(), runs);
        // Reading the data here as well would only take time; the programs do it. This says which it is.
        System.out.println(
                settings.data().equals(Digits.DRAWN)
                        ? "Data: built-in drawn digits. For MNIST, name the directory of its four files with --data DIR."
                        : "Data: MNIST from " + settings.data() + ".");
        System.out.printf(
                "Each run fine-tunes the base model to %s digits, %d steps, in a JVM of its own.%n%n",
                settings.shift(), settings.steps());
        Comparison comparison = new Comparison(settings);
        try {
            if (needsBase) {
                pretrain(settings, progress);
            }
            // Seed by seed rather than arm by arm, so that a slow minute of the machine does not hit one arm alone.
            for (int seed = 1; seed <= settings.seeds(); seed++) {
                for (Arm arm : settings.arms()) {
                    comparison.add(fineTune(settings, arm, seed, progress));
                }
            }
        } catch (IOException failed) {
            progress.breakLine();
            throw failed;
        }
        System.out.println();
        System.out.print(comparison.table());
        System.out.printf(
                "%nNew domain: accuracy on %s test digits; old domain: on upright ones, which are not trained on any"
                        + " more.%n%n",
                settings.shift());
        for (Path file : List.of(
                comparison.writeCurves(),
                comparison.writeRuns(),
                comparison.writeJson(),
                settings.out().resolve("runs"))) {
            System.out.println("Written: " + file);
        }
    }

    private static void pretrain(Settings settings, Progress progress) throws IOException, InterruptedException {
        progress.begin("base model");
        // Drawn digits are fewer and simpler; more steps would only fit their noise.
        String steps = settings.data().equals(Digits.DRAWN) ? "1000" : "2500";
        StringBuilder outcome = new StringBuilder("trained");
        ChildJvm.run(
                List.of(),
                Pretrain.class,
                List.of("--base", settings.base().toString(), "--data", settings.data(), "--steps", steps),
                line -> {
                    progress.line(line);
                    if (line.startsWith(Pretrain.OUTCOME)) {
                        outcome.append(", ").append(line.substring(Pretrain.OUTCOME.length()));
                    }
                });
        progress.end(outcome.toString());
    }

    private static Run fineTune(Settings settings, Arm arm, int seed, Progress progress)
            throws IOException, InterruptedException {
        progress.begin(arm.title + ", seed " + seed);
        Path directory = settings.run(arm, seed);
        Files.createDirectories(directory);
        List<String> jvmOptions = new ArrayList<>();
        if (arm.usesAgent()) {
            jvmOptions.add("-javaagent:" + settings.agent() + "=" + settings.agentArguments(arm));
        }
        List<String> errors = ChildJvm.run(
                jvmOptions,
                FineTune.class,
                List.of(
                        "--base=" + settings.base(),
                        "--out=" + directory,
                        "--data=" + settings.data(),
                        "--shift=" + settings.shift(),
                        "--train=" + arm.trained,
                        "--rate=" + settings.rateOf(arm),
                        "--steps=" + settings.steps(),
                        "--seed=" + seed),
                progress::line);
        Run run = Run.collect(arm, seed, directory, errors);
        progress.end(String.format(
                Locale.ROOT,
                "%5.2f %% of %s, %5.2f %% of upright digits",
                100 * run.accuracy(),
                settings.shift(),
                100 * run.kept()));
        return run;
    }
}
