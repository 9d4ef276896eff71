package org.lowrank4j.tests.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The program of a contestant's JVM: {@code TASK} and the arguments of a {@link Workload}. It reads requests from its
 * standard input: {@code run SECONDS} is answered by a {@link Slice}, {@code steps N} by how many steps were run, at least
 * N, {@code memory} by present and peak resident bytes, {@code footprint} by a {@link Footprint}. It ends with its input.
 */
public final class Worker {

    private Worker() {}

    public static void main(String[] arguments) throws IOException {
        List<String> words = List.of(arguments);
        Work work = work(words.get(0), Workload.parse(words.subList(1, words.size())));
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        answer("ready");
        for (String request = requests.readLine(); request != null; request = requests.readLine()) {
            String[] parts = request.split(" ");
            switch (parts[0]) {
                case "run" -> answer(run(work, Double.parseDouble(parts[1])).format());
                case "steps" -> answer("" + advance(work, Integer.parseInt(parts[1])));
                case "memory" -> answer(Footprint.resident("VmRSS") + " " + Footprint.resident("VmHWM"));
                case "footprint" -> answer(Footprint.afterCollection().format());
                default -> throw new IllegalArgumentException("unknown request: " + request);
            }
        }
    }

    private static Work work(String task, Workload workload) {
        return switch (task) {
            case "train" -> new TrainingStep(workload, false);
            case "train-frozen" -> new TrainingStep(workload, true);
            case "gemm" -> new GemmFloor(workload);
            case "rate-product" -> Rates.product();
            case "rate-stream" -> Rates.stream();
            default -> throw new IllegalArgumentException("unknown task: " + task);
        };
    }

    private static void answer(String text) {
        System.out.println(Child.MARK + text);
        System.out.flush();
    }

    /** Work for so many seconds of CPU time, at least three steps. Times of work that has several steps are shared out among them. */
    static Slice run(Work work, double seconds) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        List<double[]> times = new ArrayList<>();
        int steps = 0;
        long processBefore = processCpuNanos();
        long end = threads.getCurrentThreadCpuTime() + (long) (seconds * 1e9);
        while (steps < 3 || threads.getCurrentThreadCpuTime() < end) {
            long cpu = threads.getCurrentThreadCpuTime();
            long wall = System.nanoTime();
            work.run();
            double count = work.steps();
            times.add(
                    new double[] {(System.nanoTime() - wall) / count, (threads.getCurrentThreadCpuTime() - cpu) / count
                    });
            steps += work.steps();
        }
        return Slice.of(
                steps,
                times.stream().mapToDouble(time -> time[0]).toArray(),
                times.stream().mapToDouble(time -> time[1]).toArray(),
                (processCpuNanos() - processBefore) / (double) steps);
    }

    private static int advance(Work work, int steps) {
        int done = 0;
        while (done < steps) {
            work.run();
            done += work.steps();
        }
        return done;
    }

    /** Of all threads: the collector's and the compiler's, too. */
    private static long processCpuNanos() {
        return ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .map(java.time.Duration::toNanos)
                .orElse(0L);
    }
}
