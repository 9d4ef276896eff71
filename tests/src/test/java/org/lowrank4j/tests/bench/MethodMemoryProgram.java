package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
        fillBuffersOfBlas(width);
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
        System.out.println(Child.MARK
                + String.format(
                        Locale.ROOT,
                        "%d %d %d %d %d",
                        1024 * kibibytes("VmRSS"),
                        1024 * kibibytes("VmHWM"),
                        workspaces(),
                        classesAndCode() + 1024 * kibibytes("RssFile"),
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed()));
        // The network must live until here.
        step.run();
    }

    /**
     * BLAS keeps a buffer into which it copies factors, as much of it as the largest product has used. So that no method
     * is charged with it, all processes begin with products larger than any that comes.
     */
    private static void fillBuffersOfBlas(int width) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            INDArray factor = Nd4j.ones(type, width, width).dup('f');
            INDArray product = Nd4j.create(type, new long[] {width, width}, 'f');
            for (boolean transposed : new boolean[] {false, true}) {
                Nd4j.gemm(factor, factor, product, transposed, !transposed, 1, 0);
            }
            factor.close();
            product.close();
        }
    }

    private static long workspaces() {
        long bytes = 0;
        for (MemoryWorkspace workspace : Nd4j.getWorkspaceManager().getAllWorkspacesForCurrentThread()) {
            bytes += workspace.getCurrentSize();
        }
        return bytes;
    }

    /** What the JVM has committed besides the heap. */
    private static long classesAndCode() {
        return ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage().getCommitted();
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
