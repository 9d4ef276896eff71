package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * The same training in PyTorch, with Adam, by a script among the test resources. Each turn is a process of its own, warmed up
 * before it is timed, on CPU time. PyTorch multiplies by the OpenBLAS that ND4J brings along.
 */
final class TorchArm implements Contestant {

    private static final double WARM_UP_SECONDS = 0.7;
    private static final String SCRIPT = "torch_step.py";

    private static final Map<String, String> KEEP_MEMORY =
            Map.of("MALLOC_MMAP_THRESHOLD_", "" + (1L << 30), "MALLOC_TRIM_THRESHOLD_", "" + (1L << 32));

    private static final Pattern KERNEL = Pattern.compile("(?m)^Core: (.+)$");

    private final String name;
    private final String python;
    private final Path script;
    private final Workload workload;
    private final Map<String, String> environment;

    /** @param logs folder to which the script goes */
    TorchArm(String name, String python, Workload workload, Map<String, String> environment, Path logs)
            throws IOException {
        this.name = name;
        this.python = python;
        this.workload = workload;
        this.environment = environment;
        script = Files.createDirectories(logs).resolve(SCRIPT);
        try (InputStream resource = TorchArm.class.getResourceAsStream(SCRIPT)) {
            Files.write(script, resource.readAllBytes());
        }
    }

    /** The first Python here that has PyTorch. */
    static Optional<String> python() throws IOException {
        for (String candidate : List.of("python3", "/usr/bin/python3")) {
            Finished finished = Finished.run(List.of(candidate, "-c", "import torch"), Map.of());
            if (finished.exit() == 0) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /** Versions of PyTorch and Python, and the processor family that OpenBLAS chose its kernels for. */
    static Map<String, String> versions(String python) throws IOException {
        Finished asked = Finished.run(List.of(python, "-c", """
                import platform, torch
                print("torch:", torch.__version__)
                print("python:", platform.python_version())
                """), Map.of());
        Map<String, String> versions = new LinkedHashMap<>();
        for (String line : asked.output().lines().toList()) {
            for (String field : List.of("torch", "python")) {
                if (line.startsWith(field + ":")) {
                    versions.put(field, line.substring(field.length() + 1).strip());
                }
            }
        }
        Matcher kernel = KERNEL.matcher(asked.output());
        versions.put("openBlasKernel", kernel.find() ? kernel.group(1).strip() : "unknown");
        return versions;
    }

    /** Whether the script knows the network, and its only updater is asked for. */
    static boolean canTrain(Workload workload) {
        return workload.updater().equals("adam") && !workload.isWhole();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void warmUp(double seconds) {
        // Every turn warms its own process up.
    }

    @Override
    public Slice run(double seconds) throws IOException {
        List<String> command = new ArrayList<>(List.of(python, script.toString()));
        command.addAll(workload.arguments());
        command.addAll(List.of("" + WARM_UP_SECONDS, "" + seconds));
        Finished finished = Finished.run(command, environment);
        if (finished.exit() != 0) {
            throw new IOException("The PyTorch script failed: " + String.join(" ", command) + "\n" + finished.output());
        }
        return new Slice(
                Integer.parseInt(field(finished.output(), "steps")),
                Double.NaN,
                Double.NaN,
                Double.parseDouble(field(finished.output(), "median_ms")),
                Double.NaN);
    }

    /** The library's file. Where it is loaded first, whatever BLAS PyTorch was linked with is not asked. */
    private static String openBlas() {
        return Path.of(Loader.load(openblas_nolapack.class))
                .resolveSibling("libopenblas_nolapack.so.0")
                .toString();
    }

    private static String field(String json, String name) throws IOException {
        Matcher matcher = Pattern.compile("\"" + name + "\": *\"?([^\",}]+)").matcher(json);
        if (!matcher.find()) {
            throw new IOException("The PyTorch script printed no field " + name + ": " + json);
        }
        return matcher.group(1);
    }

    @Override
    public void close() {
        // No process outlives its turn.
    }

    /** A process that has ended, with what it printed on both streams. */
    private record Finished(int exit, String output) {

        static Finished run(List<String> command, Map<String, String> environment) throws IOException {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().putAll(Child.ONE_THREAD);
            // PyTorch at its best: without these, glibc maps and unmaps each larger tensor anew, and page faults are
            // timed.
            builder.environment().putAll(KEEP_MEMORY);
            builder.environment().putAll(environment);
            builder.environment().put("LD_PRELOAD", openBlas());
            Process process;
            try {
                process = builder.start();
            } catch (IOException missing) {
                return new Finished(127, missing.getMessage());
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            try {
                return new Finished(process.waitFor(), output);
            } catch (InterruptedException interrupted) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", interrupted);
            }
        }
    }
}
