package org.lowrank4j.blas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the processors of this machine can do, from Linux's account of them.
 *
 * @param features that all of them have, in Linux's spelling
 */
public record Processor(Set<String> features) {

    private static final Path ACCOUNT = Path.of("/proc/cpuinfo");
    private static final Set<String> FOR_AVX2 = Set.of("avx", "avx2", "fma");
    private static final Set<String> FOR_AVX512 = Set.of("avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512cd");

    public Processor {
        features = Set.copyOf(features);
    }

    /** Those of this machine; null where Linux does not tell, or where they are not x86-64. */
    public static @Nullable Processor here() {
        try {
            return Files.isReadable(ACCOUNT) ? of(Files.readString(ACCOUNT)) : null;
        } catch (IOException untold) {
            // A sandbox may show the file and refuse to read it: then nothing is known, and nothing is advised.
            return null;
        }
    }

    /** From a text like that of {@code /proc/cpuinfo}; null if it has no line of flags. */
    static @Nullable Processor of(String account) {
        Set<String> common = null;
        for (String line : account.split("\n")) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).strip().equals("flags")) {
                List<String> flags = List.of(line.substring(colon + 1).strip().split("\\s+"));
                if (common == null) {
                    common = new HashSet<>(flags);
                } else {
                    common.retainAll(flags);
                }
            }
        }
        return common == null ? null : new Processor(common);
    }

    /** The best vector instructions that all processors have. */
    Instructions instructions() {
        if (!features.containsAll(FOR_AVX2)) {
            return features.contains("avx") ? Instructions.AVX : Instructions.SSE;
        }
        return features.containsAll(FOR_AVX512) ? Instructions.AVX512 : Instructions.AVX2;
    }
}
