package org.lowrank4j.blas;

/** Vector instructions of x86-64 processors, each including those before it. */
public enum Instructions {
    SSE("SSE"),
    AVX("AVX"),
    /** With fused multiply-add. */
    AVX2("AVX2"),
    /** The parts F, BW, VL, DQ and CD together, without which OpenBLAS's kernels do not run. */
    AVX512("AVX-512");

    private final String spelling;

    Instructions(String spelling) {
        this.spelling = spelling;
    }

    @Override
    public String toString() {
        return spelling;
    }
}
