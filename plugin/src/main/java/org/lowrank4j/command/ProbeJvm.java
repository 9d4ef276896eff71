package org.lowrank4j.command;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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

    private final List<Path> classPath;

    ProbeJvm(List<Path> classPath) {
        this.classPath = classPath;
    }

    void addTo(List<Check> checks) throws IOException {
        String said = said();
        Map<String, String> found = new LinkedHashMap<>();
        Matcher matcher = FOUND.matcher(said);
        while (matcher.find()) {
            found.put(matcher.group(1), matcher.group(2));
        }
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
                        + found.get("product")));
        checks.add(kernel(said, found));
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

    /** Everything that the JVM printed. */
    private String said() throws IOException {
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
