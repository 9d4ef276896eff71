package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The same training in PyTorch, with Adam: a script with the arguments {@code WIDTH BATCH DEPTH RANK THREADS --mode lora
 * --seconds S --warmup S} that prints one JSON line with {@code steps} and {@code median_ms}. Each turn is a
 * process of its own, warmed up before it is timed. The script times itself with {@code time.perf_counter}; it is run with
 * the process's CPU clock in its place, so that both sides are compared by CPU time.
 */
final class TorchArm implements Contestant {

    private static final double WARM_UP_SECONDS = 0.7;

    private static final String ON_CPU_CLOCK =
            "import runpy, sys, time; time.perf_counter = time.process_time; sys.argv = sys.argv[1:];"
                    + " runpy.run_path(sys.argv[0], run_name='__main__')";

    private static final Map<String, String> KEEP_MEMORY =
            Map.of("MALLOC_MMAP_THRESHOLD_", "" + (1L << 30), "MALLOC_TRIM_THRESHOLD_", "" + (1L << 32));

    private static final Pattern KERNEL = Pattern.compile("(?m)^Core: (.+)$");

    private final String python;
    private final Path script;
    private final Workload workload;

    TorchArm(String python, Path script, Workload workload) {
        this.python = python;
        this.script = script;
        this.workload = workload;
    }

    /** The first Python here that has PyTorch. */
    static Optional<String> python() throws IOException {
        for (String candidate : List.of("python3", "/usr/bin/python3")) {
            Finished finished = Finished.run(List.of(candidate, "-c", "import torch"));
            if (finished.exit() == 0) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /** Versions of PyTorch, Python and OpenBLAS, and the processor family that OpenBLAS chose its kernels for. */
    static Map<String, Object> versions(String python) throws IOException {
        Finished asked = Finished.run(List.of(python, "-c", """
                import ctypes, platform, torch
                print("torch:", torch.__version__)
                print("python:", platform.python_version())
                try:
                    blas = ctypes.CDLL("libopenblas.so.0").openblas_get_config
                    blas.restype = ctypes.c_char_p
                    print("openblas:", blas().decode())
                except (OSError, AttributeError) as missing:
                    print("openblas:", missing)
                """));
        Map<String, Object> versions = new LinkedHashMap<>();
        for (String line : asked.output().lines().toList()) {
            for (String field : List.of("torch", "python", "openblas")) {
                if (line.startsWith(field + ":")) {
                    versions.put(field, line.substring(field.length() + 1).strip());
                }
            }
        }
        Matcher kernel = KERNEL.matcher(asked.output());
        versions.put("openBlasKernel", kernel.find() ? kernel.group(1).strip() : "unknown");
        return versions;
    }

    /** Whether the script can train so: it knows Adam only. */
    static boolean canTrain(Workload workload) {
        return workload.updater().equals("adam") && !workload.convolves();
    }

    @Override
    public String name() {
        return "torch-lora";
    }

    @Override
    public void warmUp(double seconds) {
        // Every turn warms its own process up.
    }

    @Override
    public Slice run(double seconds) throws IOException {
        List<String> command = new ArrayList<>(List.of(python, "-c", ON_CPU_CLOCK, script.toString()));
        for (int number : new int[] {workload.width(), workload.batch(), workload.depth(), workload.rank(), 1}) {
            command.add("" + number);
        }
        command.addAll(List.of("--mode", "lora", "--seconds", "" + seconds, "--warmup", "" + WARM_UP_SECONDS));
        Finished finished = Finished.run(command);
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

        static Finished run(List<String> command) throws IOException {
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().putAll(Child.ONE_THREAD);
            // PyTorch at its best: without these, glibc maps and unmaps each larger tensor anew, and page faults are
            // timed.
            builder.environment().putAll(KEEP_MEMORY);
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
