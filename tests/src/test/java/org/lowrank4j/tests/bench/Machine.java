package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.bytedeco.openblas.global.openblas;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What times depend on.
 *
 * @param cpu the processor's model name, unknown where the system does not tell
 * @param cpuFlags those of its features that matrix products use
 * @param processors that this JVM may use
 * @param load the system's load average when the benchmarks started; negative where the system does not tell
 * @param versions of operating system, Java and libraries, by name
 * @param environment variables that choose threads and kernels, as the user set them
 */
record Machine(
        String cpu,
        List<String> cpuFlags,
        int processors,
        double load,
        Map<String, String> versions,
        Map<String, String> environment) {

    private static final Predicate<String> FLAG_OF_PRODUCTS = flag -> flag.startsWith("avx")
            || flag.startsWith("amx")
            || flag.equals("fma")
            || flag.equals("asimd")
            || flag.startsWith("sve");

    private static final List<String> VARIABLES = List.of("OMP_", "OPENBLAS_", "GOTO_", "MKL_", "MALLOC_");

    static Machine here() throws IOException {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put(
                "os",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        versions.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        versions.put("dl4j", jar(MultiLayerNetwork.class));
        versions.put("nd4j", jar(Nd4j.class));
        versions.put("openblas", jar(openblas.class));
        List<String> info = readable(Path.of("/proc/cpuinfo"));
        return new Machine(
                field(info, "model name"),
                flags(info),
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                versions,
                variables(System.getenv()));
    }

    /** From the name of its jar. */
    private static String jar(Class<?> type) {
        Path jar =
                Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
        return jar.getFileName().toString();
    }

    private static List<String> readable(Path file) throws IOException {
        return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    }

    /** Of the first processor in the lines of {@code /proc/cpuinfo}. */
    static String field(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown");
    }

    static List<String> flags(List<String> lines) {
        String all = field(lines, field(lines, "flags").equals("unknown") ? "Features" : "flags");
        return Arrays.stream(all.split(" ")).filter(FLAG_OF_PRODUCTS).sorted().toList();
    }

    static Map<String, String> variables(Map<String, String> environment) {
        Map<String, String> chosen = new TreeMap<>();
        environment.forEach((name, value) -> {
            if (VARIABLES.stream().anyMatch(name::startsWith)) {
                chosen.put(name, value);
            }
        });
        return chosen;
    }
}
