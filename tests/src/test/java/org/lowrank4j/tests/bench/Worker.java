package org.lowrank4j.tests.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The program of a contestant's JVM: {@code TASK NETWORK WIDTH BATCH DEPTH}. It reads requests from its standard input:
 * {@code run SECONDS} is answered by a {@link Slice}, {@code memory} by present and peak resident bytes. It ends with its
 * input.
 */
public final class Worker {

    private Worker() {}

    public static void main(String[] arguments) throws IOException {
        Runnable step = step(
                arguments[0],
                arguments[1],
                Integer.parseInt(arguments[2]),
                Integer.parseInt(arguments[3]),
                Integer.parseInt(arguments[4]));
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        answer("ready");
        for (String request = requests.readLine(); request != null; request = requests.readLine()) {
            String[] words = request.split(" ");
            switch (words[0]) {
                case "run" -> answer(run(step, Double.parseDouble(words[1])).format());
                case "memory" -> answer(resident("VmRSS") + " " + resident("VmHWM"));
                default -> throw new IllegalArgumentException("unknown request: " + request);
            }
        }
    }

    private static Runnable step(String task, String network, int width, int batch, int depth) {
        return switch (task) {
            case "train" -> new TrainingStep(network, width, batch, depth, false);
            case "train-frozen" -> new TrainingStep(network, width, batch, depth, true);
            case "gemm" -> new GemmFloor(width, batch, depth);
            default -> throw new IllegalArgumentException("unknown task: " + task);
        };
    }

    private static void answer(String text) {
        System.out.println(Child.MARK + text);
        System.out.flush();
    }

    /** Steps for so long, at least three. */
    static Slice run(Runnable step, double seconds) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        List<long[]> times = new ArrayList<>();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (times.size() < 3 || System.nanoTime() < end) {
            long cpu = threads.getCurrentThreadCpuTime();
            long wall = System.nanoTime();
            step.run();
            times.add(new long[] {System.nanoTime() - wall, threads.getCurrentThreadCpuTime() - cpu});
        }
        return Slice.of(
                times.stream().mapToLong(time -> time[0]).toArray(),
                times.stream().mapToLong(time -> time[1]).toArray());
    }

    /** A size of this process in bytes, from Linux's accounting; -1 elsewhere. */
    private static long resident(String field) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return -1;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith(field + ":")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        return -1;
    }
}
