package org.lowrank4j.command;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Kernel;
import org.lowrank4j.blas.KernelAdvice;
import org.lowrank4j.blas.Processor;
import org.lowrank4j.command.DoctorVerb.Check;
import org.lowrank4j.command.DoctorVerb.Outcome;

/**
 * ND4J in a JVM of its own: natives that do not fit the machine end that one, and OpenBLAS tells which kernels it chose
 * only if a variable asked for it before it was loaded.
 */
final class ProbeJvm {

    static final String PREFIX = "lowrank4j.probe.";

    private static final int PATIENCE_SECONDS = 120;
    private static final Pattern FOUND = Pattern.compile("(?m)^" + Pattern.quote(PREFIX) + "(\\w+)=(.*)$");
    private static final Pattern KERNEL = Pattern.compile("(?m)^Core: (.+)$");
    private static final String NAME = "BLAS kernel";
    private static final String COMPARISON = "BLAS speed";

    /** Times of such short work differ by as much from one process to the next. */
    private static final double WORTH_A_CHANGE = 0.9;

    private final List<Path> classPath;

    ProbeJvm(List<Path> classPath) {
        this.classPath = classPath;
    }

    void addTo(List<Check> checks) throws IOException {
        String said = said(null);
        Map<String, String> found = found(said);
        if (!found.containsKey("backend")) {
            String end = said.strip().lines().reduce((first, second) -> second).orElse("it printed nothing");
            checks.add(new Check(
                    "ND4J",
                    Outcome.PROBLEM,
                    "does not run: " + end,
                    "Its natives must be for this platform and on the class path: nd4j-native, openblas and javacpp with"
                            + " the classifier of the platform, or nd4j-native-platform with all."));
            return;
        }
        checks.add(new Check(
                "ND4J",
                found.get("backend") + ", " + found.get("blas") + ", a product of 512 x 512 floats takes "
                        + found.get("product") + " ms"));
        checks.add(kernel(said, found));
        compareKernels(said, found, checks);
    }

    private static Map<String, String> found(String said) {
        Map<String, String> found = new LinkedHashMap<>();
        Matcher matcher = FOUND.matcher(said);
        while (matcher.find()) {
            found.put(matcher.group(1), matcher.group(2));
        }
        return found;
    }

    private static @Nullable Kernel chosen(String said) {
        Matcher matcher = KERNEL.matcher(said);
        return matcher.find() ? Kernel.named(matcher.group(1)) : null;
    }

    /**
     * What one set of kernels can do here.
     *
     * @param step milliseconds that the products of a low-rank step take
     * @param right whether products in double precision are
     */
    record Tried(Kernel kernel, double step, boolean right) {

        private static Tried of(Kernel kernel, Map<String, String> found) {
            return new Tried(kernel, Double.parseDouble(found.get("step")), !"false".equals(found.get("right")));
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s %.2f ms", kernel, step)
                    + (right ? "" : " (wrong in double precision)");
        }
    }

    private void compareKernels(String said, Map<String, String> found, List<Check> checks) throws IOException {
        Kernel chosen = chosen(said);
        Processor processor = Processor.here();
        if (chosen == null || processor == null) {
            return;
        }
        List<Tried> all = new ArrayList<>(List.of(Tried.of(chosen, found)));
        for (Kernel other : Kernel.candidates(processor)) {
            if (other == chosen) {
                continue;
            }
            String saidByOther = said(other);
            Map<String, String> foundByOther = found(saidByOther);
            // A build of few kernels takes others than those that it is asked for.
            if (chosen(saidByOther) == other && foundByOther.containsKey("step")) {
                all.add(Tried.of(other, foundByOther));
            }
        }
        checks.add(comparison(all));
    }

    /** @param all the chosen kernels first */
    static Check comparison(List<Tried> all) {
        Tried chosen = all.get(0);
        String found = "the products of a low-rank step (1024 x 1024, 32 examples, rank 8) take by "
                + all.stream().map(Tried::toString).collect(Collectors.joining(", "));
        Tried best = all.stream()
                .filter(Tried::right)
                .min(Comparator.comparingDouble(Tried::step))
                .orElse(chosen);
        return best.step() < WORTH_A_CHANGE * chosen.step()
                ? new Check(
                        COMPARISON,
                        Outcome.ADVICE,
                        found,
                        "Set " + KernelAdvice.VARIABLE + "=" + best.kernel()
                                + " in the environment before the JVM starts: the fastest right kernels here.")
                : new Check(COMPARISON, found);
    }

    private static Check kernel(String said, Map<String, String> found) {
        Matcher matcher = KERNEL.matcher(said);
        if (!matcher.find()) {
            return new Check(NAME, "not told: the library is not OpenBLAS");
        }
        String chosen = "OpenBLAS chose " + matcher.group(1).strip();
        Kernel kernel = Kernel.named(matcher.group(1));
        Processor processor = Processor.here();
        if (kernel == null || processor == null) {
            return new Check(NAME, chosen);
        }
        String version = found.getOrDefault("version", "unknown");
        KernelAdvice advice = KernelAdvice.of(
                kernel,
                version,
                processor,
                System.getenv(KernelAdvice.VARIABLE),
                !found.getOrDefault("right", "true").equals("false"));
        return advice == null
                ? new Check(NAME, chosen)
                : new Check(NAME, advice.wrong() ? Outcome.PROBLEM : Outcome.ADVICE, advice.found(), advice.todo());
    }

    /**
     * Everything that the JVM printed.
     *
     * @param kernel that OpenBLAS is to take; null for what it takes by itself, or by the user's variable
     */
    private String said(@Nullable Kernel kernel) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add("org.lowrank4j.agent.Main");
        command.add("doctor");
        command.add("--probe");
        if (!classPath.isEmpty()) {
            command.add("--classpath");
            command.add(classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        }
        Path output = Files.createTempFile("probe", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
            builder.environment().put("OPENBLAS_VERBOSE", "2");
            if (kernel != null) {
                builder.environment().put(KernelAdvice.VARIABLE, kernel.toString());
            }
            Process process = builder.start();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            return Files.readString(output, StandardCharsets.UTF_8);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while ND4J was tried", interrupted);
        } finally {
            Files.deleteIfExists(output);
        }
    }
}
