package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The program of one process of {@link MethodMemoryBenchmark}, {@code WIDTH DEPTH BATCH STEPS}: trains and prints its
 * resident bytes, once what nobody holds any more has been given back, and its peak.
 */
public final class MethodMemoryProgram {

    private static final int COLLECTIONS = 3;

    private MethodMemoryProgram() {}

    public static void main(String[] arguments) throws Exception {
        int width = Integer.parseInt(arguments[0]);
        int depth = Integer.parseInt(arguments[1]);
        int batch = Integer.parseInt(arguments[2]);
        TrainingStep step = new TrainingStep(new Workload("mln", width, batch, depth, 1, "adam", "dataset"), false);
        int steps = Integer.parseInt(arguments[3]);
        for (int i = 0; i < steps; i++) {
            step.run();
        }
        for (int i = 0; i < COLLECTIONS; i++) {
            // ND4J frees an array's memory after the collector has found that nobody holds it, on a thread of its own.
            System.gc();
            Thread.sleep(300);
        }
        System.out.println(Child.MARK + kibibytes("VmRSS") + " " + kibibytes("VmHWM"));
        // The network must live until here.
        step.run();
    }

    private static long kibibytes(String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(field + ":")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("/proc/self/status has no " + field);
    }
}
