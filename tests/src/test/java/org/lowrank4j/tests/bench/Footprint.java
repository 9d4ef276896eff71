package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.deallocation.DeallocatorService;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What this process holds once everything that can be freed has been.
 *
 * @param heap bytes of live Java objects
 * @param arrays number of ND4J's live off-heap buffers and workspaces
 * @param workspaces bytes of the calling thread's workspaces
 * @param resident bytes of the whole process in memory, -1 where the system does not tell
 * @param threads live ones
 * @param classes loaded now
 */
record Footprint(long heap, long arrays, long workspaces, long resident, long threads, long classes) {

    private static final int MOST_COLLECTIONS = 60;
    private static final int QUIET_COLLECTIONS = 3;
    private static final int MILLISECONDS_BETWEEN = 50;

    /** Less than this is not worth another collection. */
    private static final long NOISE = 16 * 1024;

    /**
     * Arrays, and what they keep on the heap, are freed by threads that wait for the collector's word and have to get their
     * turn. So it collects until nothing more is freed for a while.
     */
    static Footprint afterCollection() throws IOException {
        long heap = Long.MAX_VALUE;
        long arrays = Long.MAX_VALUE;
        int quiet = 0;
        for (int i = 0; i < MOST_COLLECTIONS && quiet < QUIET_COLLECTIONS; i++) {
            System.gc();
            try {
                Thread.sleep(MILLISECONDS_BETWEEN);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", interrupted);
            }
            long heapNow = liveHeap();
            long arraysNow = liveArrays();
            quiet = heapNow < heap - NOISE || arraysNow < arrays ? 0 : quiet + 1;
            heap = Math.min(heap, heapNow);
            arrays = Math.min(arrays, arraysNow);
        }
        long workspaces = 0;
        for (MemoryWorkspace workspace : Nd4j.getWorkspaceManager().getAllWorkspacesForCurrentThread()) {
            workspaces += workspace.getCurrentSize();
        }
        return new Footprint(
                heap,
                arrays,
                workspaces,
                resident("VmRSS"),
                ManagementFactory.getThreadMXBean().getThreadCount(),
                ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
    }

    /** As the last collection left it: what is in use now would count whole buffers that threads allocate from. */
    private static long liveHeap() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(pool -> pool.getCollectionUsage().getUsed())
                .sum();
    }

    /** Those that wait to be freed with their owner; ND4J has no public count of them. */
    private static int liveArrays() {
        try {
            Field references = DeallocatorService.class.getDeclaredField("referenceMap");
            references.setAccessible(true);
            return ((Map<?, ?>) references.get(Nd4j.getDeallocatorService())).size();
        } catch (ReflectiveOperationException other) {
            throw new IllegalStateException("ND4J keeps its off-heap buffers elsewhere than in 1.0.0-M2.1.", other);
        }
    }

    /** A size of this process in bytes, from Linux's accounting; -1 elsewhere. */
    static long resident(String field) throws IOException {
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

    /** As one line, for {@link #parse}. */
    String format() {
        return List.of(heap, arrays, workspaces, resident, threads, classes).stream()
                .map(number -> String.format(Locale.ROOT, "%d", number))
                .collect(Collectors.joining(" "));
    }

    static Footprint parse(String line) {
        long[] numbers =
                Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray();
        if (numbers.length != 6) {
            throw new IllegalArgumentException("'" + line + "' is not a footprint of six numbers.");
        }
        return new Footprint(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
    }
}
