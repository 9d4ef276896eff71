package org.lowrank4j.blas;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What to do about the kernels that OpenBLAS chose.
 *
 * <p>OpenBLAS 0.3.19, which comes with ND4J 1.0.0-M2.1, was built with AVX-512 kernels whose block sizes do not match
 * (its issue 3505, mended in 0.3.20): on every processor, SkylakeX computes wrong triangular products and solutions in
 * double precision, and with them wrong SVD, LU and eigenvalues; Cooperlake also wrong matrix products. Single precision
 * is right. So these kernels are not recommended there, though they are faster, and are advised against where they run.
 * What is recommended where the processor has AVX-512 is a newer OpenBLAS, which ND4J runs on unchanged.
 *
 * @param wrong whether results are wrong, else only slow
 * @param found one clause about what there is
 * @param todo one or two sentences
 * @param brief the same as a clause
 */
public record KernelAdvice(boolean wrong, String found, String todo, String brief) {

    /** The variable that OpenBLAS reads when it is loaded. */
    public static final String VARIABLE = "OPENBLAS_CORETYPE";

    private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+)");
    private static final int FIRST_RIGHT = 3 * 100 + 20;

    /** The tests of the plugin and the agent pass on these with {@link Kernel#SKYLAKEX}. */
    private static final String NEWER = "org.bytedeco:openblas-platform:0.3.23-1.5.9 and"
            + " org.bytedeco:javacpp-platform:1.5.9 before ND4J among the dependencies";

    /**
     * Compares kernels and processor.
     *
     * @param version of OpenBLAS, such as 0.3.19
     * @param forced the value of {@link #VARIABLE}, null if it is not set
     * @param right whether double-precision products came out right
     * @return null if there is nothing to do
     */
    public static @Nullable KernelAdvice of(
            Kernel running, String version, Processor processor, @Nullable String forced, boolean right) {
        String name = "OpenBLAS " + version + " runs its " + running + " kernels ("
                + (asked(running, forced)
                        ? VARIABLE + " asks for them"
                        : running.instructions().toString()) + ")";
        Instructions possible = processor.instructions();
        if (!right) {
            Kernel safe = possible.compareTo(Instructions.AVX2) >= 0 ? Kernel.HASWELL : Kernel.NEHALEM;
            return new KernelAdvice(
                    true,
                    name + ", and they compute wrong products in double precision",
                    set(safe)
                            + (hasRightAvx512(version)
                                    ? ""
                                    : " Or replace OpenBLAS by one whose AVX-512 kernels are right: " + NEWER + ".")
                            + " Until then, starts and methods that decompose weights are refused.",
                    brief(safe));
        }
        String slow = name + ", and this processor has " + possible;
        Kernel better = better(possible, version);
        if (better != null && better.instructions().compareTo(running.instructions()) > 0) {
            return new KernelAdvice(false, slow, set(better), brief(better));
        }
        return possible.compareTo(running.instructions()) > 0
                ? new KernelAdvice(
                        false,
                        slow,
                        "First put " + NEWER + ", for OpenBLAS's AVX-512 kernels are right from 0.3.20 on. "
                                + set(Kernel.SKYLAKEX),
                        "a newer OpenBLAS uses that")
                : null;
    }

    private static boolean asked(Kernel running, @Nullable String forced) {
        return forced != null && Kernel.named(forced) == running;
    }

    private static @Nullable Kernel better(Instructions possible, String version) {
        return switch (possible) {
            case SSE -> null;
            case AVX -> Kernel.SANDYBRIDGE;
            case AVX2 -> Kernel.HASWELL;
            case AVX512 -> hasRightAvx512(version) ? Kernel.SKYLAKEX : Kernel.HASWELL;
        };
    }

    /** Whether the AVX-512 kernels of this version can be trusted; a version that cannot be read is not. */
    public static boolean hasRightAvx512(String version) {
        Matcher numbers = NUMBERS.matcher(version);
        if (!numbers.find()) {
            return false;
        }
        int major = Integer.parseInt(numbers.group(1));
        int minor = Integer.parseInt(numbers.group(2));
        return major > 0 || minor * 100 + Integer.parseInt(numbers.group(3)) >= FIRST_RIGHT;
    }

    private static String brief(Kernel kernel) {
        return "set " + VARIABLE + "=" + kernel;
    }

    private static String set(Kernel kernel) {
        return "Set " + VARIABLE + "=" + kernel + " in the environment before the JVM starts; with OPENBLAS_VERBOSE=2,"
                + " OpenBLAS then prints \"Core: " + kernel + "\".";
    }
}
