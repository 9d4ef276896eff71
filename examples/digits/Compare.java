package digits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Compares four ways to fine-tune. Each run is a JVM of its own that runs {@link FineTune} as a user would; the arms
 * differ in its arguments and in whether {@code -javaagent} is given.
 */
@Command(name = "Compare", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class Compare implements Callable<Integer> {

    @Option(names = "--data", defaultValue = "", description = "MNIST directory, or \"drawn\"; else the usual places")
    private String data;

    @Option(names = "--shift", defaultValue = "rotated", description = "rotated, inverted or inverted-rotated")
    private Domain shift;

    @Option(names = "--arms", split = ",", defaultValue = "full,head,lora,lora-ga", description = "what to compare")
    private List<Arm> arms;

    @Option(names = "--seeds", defaultValue = "3", description = "runs per arm")
    private int seeds;

    @Option(names = "--steps", defaultValue = "800", description = "batches of 64 per run, at least 100")
    private int steps;

    @Option(names = "--rank", defaultValue = "8", description = "of the adapters, with alpha = 2 x rank")
    private int rank;

    @Option(names = "--out", defaultValue = "${sys:example.out:-target/digits}", description = "where all is written")
    private Path out;

    @Option(names = "--agent", defaultValue = "${sys:example.agent:-agent/target/lowrank4j-agent.jar}")
    private Path agent;

    private final Map<Arm, List<Result>> results = new EnumMap<>(Arm.class);

    public static void main(String[] args) {
        Program.run(new Compare(), args);
    }

    @Override
    public Integer call() throws Exception {
        compare();
        return 0;
    }

    /** Runs all that is asked for, prints the table, and returns every arm's results by seed. */
    public Map<Arm, List<Result>> compare() throws IOException, InterruptedException {
        String found = Digits.locate(data);
        String digits =
                found.isEmpty() ? Digits.DRAWN : Path.of(found).toAbsolutePath().toString();
        System.out.println(
                found.isEmpty()
                        ? "Data: built-in drawn digits. For MNIST, name the directory of its four files with --data DIR."
                        : "Data: MNIST from " + found + ".");
        System.out.printf("Each run fine-tunes to %s digits, %d steps, in a JVM of its own.%n%n", shift, steps);
        // One per source of the data, so that a change of data never meets the other's model.
        Path base = out.resolve(found.isEmpty() ? "base-drawn.zip" : "base-mnist.zip");
        if (!Files.exists(base)) {
            System.out.println("base model: about a minute");
            // Drawn digits are fewer and simpler; more steps would only fit their noise.
            List<String> options = List.of("--steps=" + (found.isEmpty() ? 1000 : 2500), "--base=" + base);
            new ChildJvm(Pretrain.class, out.resolve("pretrain")).run(List.of(), options, digits);
        }
        // Seed by seed rather than arm by arm, so that a slow minute of the machine does not hit one arm alone.
        for (int seed = 1; seed <= seeds; seed++) {
            for (Arm arm : arms) {
                results.computeIfAbsent(arm, none -> new ArrayList<>()).add(fineTune(arm, seed, base, digits));
            }
        }
        System.out.println();
        System.out.print(Table.of(results, steps));
        System.out.printf("%nThe models and the losses of every step are in %s.%n", out.resolve("runs"));
        return results;
    }

    private Result fineTune(Arm arm, int seed, Path base, String digits) throws IOException, InterruptedException {
        Path directory = out.resolve("runs").resolve(arm + "-seed" + seed);
        List<String> jvm = arm.usesAgent()
                ? List.of("-javaagent:" + agent + "=" + arm.agentArguments + ",rank=" + rank + ",alpha=" + 2 * rank)
                : List.of();
        List<String> options = List.of(
                "--base=" + base,
                "--out=" + directory,
                "--shift=" + shift,
                "--train=" + arm.trained,
                "--rate=" + arm.rate,
                "--steps=" + steps,
                "--seed=" + seed);
        List<String> errors = new ChildJvm(FineTune.class, directory).run(jvm, options, digits);
        Result result = Result.read(directory, arm.usesAgent() ? errors : List.of());
        System.out.printf(
                Locale.ROOT,
                "%s, seed %d: %.2f %% of %s, %.2f %% of upright digits%n",
                arm.title,
                seed,
                100 * result.accuracy(),
                shift,
                100 * result.kept());
        return result;
    }
}
