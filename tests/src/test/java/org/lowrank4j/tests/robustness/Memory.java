package org.lowrank4j.tests.robustness;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What reading takes. The heap is counted exactly, as everything that the reading thread allocated, garbage included, so
 * it is an upper bound on what was ever held at once. ND4J's memory is outside the heap; its peak shows in the peak of
 * the process's address space, which also counts what was allocated and never touched. The Java heap is reserved in that
 * from the start, so it does not move it.
 */
final class Memory {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String PEAK = "VmPeak:";

    private Memory() {}

    /** Bytes that this thread has allocated on the heap so far. */
    static long allocatedByThisThread() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    /** Whether {@link #peakOfAddressSpace} can be told here. */
    static boolean knowsAddressSpace() {
        return Files.isReadable(STATUS);
    }

    /** Bytes of address space that the process had at its peak. */
    static long peakOfAddressSpace() throws IOException {
        return Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith(PEAK))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + PEAK + " in " + STATUS));
    }
}
