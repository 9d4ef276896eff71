package org.lowrank4j.blas;

import static org.lowrank4j.blas.Instructions.AVX;
import static org.lowrank4j.blas.Instructions.AVX2;
import static org.lowrank4j.blas.Instructions.AVX512;
import static org.lowrank4j.blas.Instructions.SSE;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The sets of kernels that an OpenBLAS for x86-64 chooses from when it is loaded, by the processors they are named after. */
public enum Kernel {
    KATMAI("Katmai", SSE),
    COPPERMINE("Coppermine", SSE),
    NORTHWOOD("Northwood", SSE),
    PRESCOTT("Prescott", SSE),
    BANIAS("Banias", SSE),
    CORE2("Core2", SSE),
    NEHALEM("Nehalem", SSE),
    ATHLON("Athlon", SSE),
    BARCELONA("Barcelona", SSE),
    SANDYBRIDGE("Sandybridge", AVX),
    BULLDOZER("Bulldozer", AVX),
    PILEDRIVER("Piledriver", AVX),
    STEAMROLLER("Steamroller", AVX),
    EXCAVATOR("Excavator", AVX2),
    HASWELL("Haswell", AVX2),
    ZEN("Zen", AVX2),
    SKYLAKEX("SkylakeX", AVX512),
    COOPERLAKE("Cooperlake", AVX512),
    SAPPHIRERAPIDS("SapphireRapids", AVX512);

    private final String spelling;
    private final Instructions instructions;

    Kernel(String spelling, Instructions instructions) {
        this.spelling = spelling;
        this.instructions = instructions;
    }

    /** The kernels that OpenBLAS calls so, in any case; null for a name that is not known here. */
    public static @Nullable Kernel named(String name) {
        for (Kernel kernel : values()) {
            if (kernel.name().equalsIgnoreCase(name.strip())) {
                return kernel;
            }
        }
        return null;
    }

    /** Those that may be the fastest ones of a processor. */
    public static List<Kernel> candidates(Processor processor) {
        Instructions possible = processor.instructions();
        return possible.compareTo(Instructions.AVX2) < 0
                ? List.of()
                : Stream.of(HASWELL, ZEN, SKYLAKEX)
                        .filter(kernel -> kernel.instructions.compareTo(possible) <= 0)
                        .toList();
    }

    /** The best instructions that these kernels are written with. */
    Instructions instructions() {
        return instructions;
    }

    /** As OpenBLAS prints it, and as {@code OPENBLAS_CORETYPE} takes it. */
    @Override
    public String toString() {
        return spelling;
    }
}
