package org.lowrank4j.tests.bench;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.method.Method;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.tests.pages.Amount;
import org.lowrank4j.tests.pages.Form;
import org.lowrank4j.tests.pages.Json;
import org.lowrank4j.tests.pages.Page;
import org.lowrank4j.tests.pages.Settings;
import org.lowrank4j.update.LowRankUpdate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The memory that every method says it takes, against the resident memory of a process that trains with it. Everything is
 * counted above one process that trains as little as can be trained, with LoRA of rank 1 and its head; the predicted
 * number is what the plan report of the method says (gradient, updater state, what the method keeps) less what that
 * process's report says.
 *
 * <p>The C library gives every freed array of 64 KiB and more back to the system at once, or what was once needed would
 * count as what is kept. Heaps are of one size and touched at the start, and so is BLAS's buffer.
 */
@Command(
        name = "memory",
        mixinStandardHelpOptions = true,
        description = "Measures what every method keeps in memory against what it says, and writes the page.")
public final class MethodMemory implements Callable<Integer> {

    private static final int WIDTH = 1024;
    private static final int DEPTH = 6;
    private static final int BATCH = 64;
    private static final int RANK = 64;
    private static final int STEPS = 7;
    private static final int PROCESSES = 3;
    private static final int MINUTES = 15;
    private static final double MIB = 1024 * 1024;

    private static final List<String> JVM = List.of(
            "-Xms384m",
            "-Xmx384m",
            "-XX:+AlwaysPreTouch",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.bytedeco.javacpp.maxbytes=8g",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=10g");

    private static final Map<String, String> ALLOCATION = Map.of(
            "MALLOC_ARENA_MAX", "1",
            "MALLOC_MMAP_THRESHOLD_", "65536",
            "MALLOC_TRIM_THRESHOLD_", "65536",
            "MALLOC_TOP_PAD_", "0");

    /** What methods need besides their names, or are shown with because their defaults would do nothing in seven steps. */
    private static final Map<String, String> OPTIONS = Map.of(
            "adalora", "adalora.total-steps=100",
            "mfac", "mfac.window=3",
            "powersgd", "powersgd.start=0",
            "random-subspace", "random-subspace.dimension=1000",
            "apollo-mini", "rank=1");

    /** Starts that read gradients or inputs, and one that decomposes W: what they work with must be gone afterwards. */
    private static final Map<String, String> STARTS =
            Map.of("pissa", "", "lora-ga", "", "eva", "eva.batches=1,eva.rho=1", "corda", "corda.batches=1");

    /** Those whose own arrays are Java's; what others have there is no part of what they predict. */
    private static final Set<String> KEPT_ON_HEAP = Set.of("update random-subspace");

    /** One line of the table: a rule as the agent's argument. */
    private record Ruled(String name, String rule) {}

    /** What one process reported, in bytes. */
    private record Run(
            double trained,
            double kept,
            String formula,
            double resident,
            double peak,
            double workspaces,
            double code,
            double heap) {}

    @Mixin
    private Settings settings;

    @Option(names = "--processes", description = "of each method, whose median counts (3; quick: 1)")
    private Integer processes;

    @Override
    public Integer call() throws IOException {
        if (!Files.isReadable(Path.of("/proc/self/status"))) {
            throw new IOException("This system has no /proc/self/status, which says how much memory a process has.");
        }
        processes = processes != null ? processes : settings.quick() ? 1 : PROCESSES;
        Map<String, Object> details = new LinkedHashMap<>();
        List<List<String>> rows = new ArrayList<>();
        Run baseline = median(new Ruled("baseline", "update=lora,rank=1"), details);
        for (Ruled ruled : all()) {
            Run run;
            try {
                run = median(ruled, details);
            } catch (IOException failed) {
                System.out.println(ruled.name() + " was not measured. " + failed.getMessage());
                continue;
            }
            double predicted = (run.trained() + run.kept() - baseline.trained() - baseline.kept()) / MIB;
            double measured = (run.resident() - baseline.resident()) / MIB;
            double workspaces = (run.workspaces() - baseline.workspaces()) / MIB;
            double code = (run.code() - baseline.code()) / MIB;
            double heap = (run.heap() - baseline.heap()) / MIB;
            double explained = predicted + workspaces + code - (KEPT_ON_HEAP.contains(ruled.name()) ? heap : 0);
            System.out.printf(
                    Locale.ROOT, "%s: %.1f MiB, %.2f of what is said%n", ruled.name(), measured, measured / explained);
            rows.add(List.of(
                    ruled.name(),
                    "`" + ruled.rule() + "`",
                    run.formula(),
                    Form.TENTHS.apply(run.kept() / MIB),
                    Form.TENTHS.apply(run.trained() / MIB),
                    Form.TENTHS.apply(predicted),
                    Form.TENTHS.apply(workspaces),
                    Form.TENTHS.apply(code),
                    Form.TENTHS.apply(heap),
                    Form.TENTHS.apply(measured),
                    String.format(Locale.ROOT, "%.2f", measured / explained),
                    Form.TENTHS.apply((run.peak() - baseline.peak()) / MIB)));
        }
        Json.write(settings.out().resolve("results.json"), details);
        write(rows);
        return 0;
    }

    private static List<Ruled> all() {
        Methods methods = Methods.load();
        List<Ruled> all = new ArrayList<>();
        for (LowRankUpdate update : methods.updates()) {
            if (isOfTests(update)) {
                continue;
            }
            all.add(ruled("update " + update.name(), "update=" + update.name(), update.name()));
        }
        for (GradientApproximation gradient : methods.gradients()) {
            if (!gradient.name().equals("exact") && !isOfTests(gradient)) {
                all.add(ruled("gradient " + gradient.name(), "gradient=" + gradient.name(), gradient.name()));
            }
        }
        all.add(new Ruled("gradient lora-pro, full", "rank=" + RANK + ",gradient=lora-pro,lora-pro.mode=full"));
        STARTS.keySet().stream().sorted().forEach(start -> {
            String options = STARTS.get(start);
            all.add(new Ruled(
                    "init " + start, "rank=" + RANK + ",init=" + start + (options.isEmpty() ? "" : "," + options)));
        });
        return all;
    }

    /** The tests' own methods, which the agent that is measured does not know. */
    private static boolean isOfTests(Method method) {
        return method.getClass().getPackageName().startsWith("org.lowrank4j.tests");
    }

    private static Ruled ruled(String name, String choice, String method) {
        String options = OPTIONS.getOrDefault(method, "");
        String rank = options.startsWith("rank=") ? options : "rank=" + RANK;
        String rest = options.isEmpty() || options.equals(rank) ? "" : "," + options;
        return new Ruled(name, rank + "," + choice + rest);
    }

    /** The run with the median resident memory. */
    private Run median(Ruled ruled, Map<String, Object> details) throws IOException {
        List<Run> runs = new ArrayList<>();
        for (int process = 0; process < processes; process++) {
            runs.add(measure(ruled));
        }
        details.put(
                ruled.name(),
                Map.of(
                        "rule", ruled.rule(),
                        "residentBytes", runs.stream().map(Run::resident).toList(),
                        "peakBytes", runs.stream().map(Run::peak).toList(),
                        "gradientAndUpdaterBytes", runs.get(0).trained(),
                        "methodBytes", runs.get(0).kept()));
        return runs.stream()
                .sorted((one, other) -> Double.compare(one.resident(), other.resident()))
                .toList()
                .get(processes / 2);
    }

    private Run measure(Ruled ruled) throws IOException {
        Path logs = Files.createDirectories(settings.out().resolve("logs"));
        File errors = logs.resolve("methods-" + ruled.name().replaceAll("[^A-Za-z0-9]+", "-") + ".err")
                .toFile();
        List<String> options = new ArrayList<>(JVM);
        options.add("-javaagent:" + settings.agent() + "=" + ruled.rule());
        ProcessBuilder builder = new ProcessBuilder(Child.command(
                options,
                Child.classPath(),
                MethodMemoryProgram.class.getName(),
                List.of("" + WIDTH, "" + DEPTH, "" + BATCH, "" + STEPS)));
        builder.environment().putAll(Child.ONE_THREAD);
        builder.environment().putAll(ALLOCATION);
        builder.redirectError(errors);
        Process process = builder.start();
        try {
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith(Child.MARK))
                    .findFirst()
                    .orElse("");
            if (!process.waitFor(MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0 || answer.isEmpty()) {
                throw new IOException("The process of " + ruled + " failed; see " + errors);
            }
            String[] words = answer.substring(Child.MARK.length()).split(" ");
            return run(
                    Files.readString(errors.toPath()).replaceAll("\\R {4,}", " "),
                    Arrays.stream(words).mapToDouble(Double::parseDouble).toArray());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        } finally {
            process.destroyForcibly();
        }
    }

    private static Run run(String said, double[] measured) throws IOException {
        Matcher training = Pattern.compile("memory of training: (gradient [^(]*).*?(updater state [^(]*)")
                .matcher(said);
        Matcher methods =
                Pattern.compile("memory of the methods: ([^;\\n]*)(?:; (.*))?").matcher(said);
        if (!training.find() || !methods.find()) {
            throw new IOException("the agent reported no memory. It said:\n" + said);
        }
        return new Run(
                Amount.bytes(training.group(1)) + Amount.bytes(training.group(2)),
                Amount.bytes(methods.group(1)),
                methods.group(2) == null ? "nothing" : methods.group(2),
                measured[0],
                measured[1],
                measured[2],
                measured[3],
                measured[4]);
    }

    private void write(List<List<String>> rows) throws IOException {
        Page page = new Page(settings.site(), "memory");
        page.paragraph("# What each method keeps in memory");
        page.paragraph(String.format(
                Locale.ROOT,
                "%d x Dense(%d) and a head, float, Adam, batch %d, rank %d where the rule says nothing else; %d steps, then"
                        + " a\ngarbage collection. One W of all layers together is %.0f MiB. Resident memory of whole"
                        + " processes, %s,\nabove a process that trains LoRA of rank 1.",
                DEPTH,
                WIDTH,
                BATCH,
                RANK,
                STEPS,
                DEPTH * (double) WIDTH * WIDTH * Float.BYTES / MIB,
                processes == 1 ? "one for each row" : "the median of " + processes));
        page.paragraph("""
                *Kept* is what a method keeps besides weights, gradient and updater state; its arrays are those of one
                target. *Trained* is the gradient vector and the updater's state. Both are what the
                plan report says before the first step. *Predicted* is their sum above the process of rank 1; *workspaces* and *code*
                are what DL4J's workspaces, and classes, compiled code and native libraries take above it. *Measured* is resident
                memory above it, without what is on the Java *heap*, which is touched from the start. The ratio is that of measured
                to predicted + workspaces + code, for random-subspace without the heap, where its arrays are. What LoRA-Pro has above
                its prediction is there after seven steps and no more of it after 40. *Peak* is the highest resident memory above that process's own: starts and decompositions
                work with arrays that are gone afterwards.""");
        page.table(
                List.of(
                        "method",
                        "rule",
                        "arrays of a target",
                        "kept, MiB",
                        "trained, MiB",
                        "predicted, MiB",
                        "workspaces, MiB",
                        "code, MiB",
                        "heap, MiB",
                        "measured, MiB",
                        "ratio",
                        "peak, MiB"),
                rows);
        page.paragraph("Written by");
        page.command("");
        page.write();
    }
}
