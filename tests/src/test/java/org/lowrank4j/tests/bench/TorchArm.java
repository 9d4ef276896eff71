package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The same training in PyTorch: a script with the arguments {@code WIDTH BATCH DEPTH RANK THREADS --mode lora --seconds S
 * --warmup S} that prints one JSON line with {@code steps}, {@code median_ms}, {@code min_ms} and {@code version}. Each turn
 * is a process of its own, warmed up before it is timed. Its CPU time is not known.
 */
final class TorchArm implements Arm {

    private static final double WARM_UP_SECONDS = 0.7;

    private final String python;
    private final Path script;
    private final WorkerArm.Network network;
    private final int rank;
    private String version = "unknown";

    private TorchArm(String python, Path script, WorkerArm.Network network, int rank) {
        this.python = python;
        this.script = script;
        this.network = network;
        this.rank = rank;
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

    static TorchArm of(String python, Path script, WorkerArm.Network network, int rank) {
        return new TorchArm(python, script, network, rank);
    }

    @Override
    public String name() {
        return "torch-lora";
    }

    String version() {
        return version;
    }

    @Override
    public void warmUp(double seconds) {
        // Every turn warms its own process up.
    }

    @Override
    public Slice run(double seconds) throws IOException {
        List<String> command = new ArrayList<>(List.of(python, script.toString()));
        for (int number : new int[] {network.width(), network.batch(), network.depth(), rank, 1}) {
            command.add("" + number);
        }
        command.addAll(List.of("--mode", "lora", "--seconds", "" + seconds, "--warmup", "" + WARM_UP_SECONDS));
        Finished finished = Finished.run(command);
        if (finished.exit() != 0) {
            throw new IOException("The PyTorch script failed: " + String.join(" ", command) + "\n" + finished.output());
        }
        version = field(finished.output(), "version");
        return new Slice(
                Integer.parseInt(field(finished.output(), "steps")),
                Double.parseDouble(field(finished.output(), "median_ms")),
                Double.parseDouble(field(finished.output(), "min_ms")),
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
