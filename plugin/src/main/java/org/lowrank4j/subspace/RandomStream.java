package org.lowrank4j.subspace;

/**
 * Random numbers that are the same on every machine and with every version of Java and ND4J: SplitMix64 (Steele, Lea and
 * Flood 2014), and arithmetic that IEEE 754 and {@link StrictMath} fix to the last bit.
 */
final class RandomStream {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;
    private double spare;
    private boolean hasSpare;

    /**
     * @param seed of the projection
     * @param number of the stream; those of one seed are independent
     */
    RandomStream(long seed, long number) {
        state = mixed(mixed(seed + GOLDEN) + (number + 1) * GOLDEN);
    }

    private static long mixed(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private long next() {
        state += GOLDEN;
        return mixed(state);
    }

    /** Uniform over 2^53 numbers above 0, up to 1. */
    double uniform() {
        return ((next() >>> 11) + 1) * 0x1.0p-53;
    }

    /** 1 or -1. */
    double sign() {
        return next() < 0 ? -1 : 1;
    }

    /** A whole number from 0 to below the bound, uniform up to one part in 2^32 / bound. */
    int below(int bound) {
        return (int) (((next() >>> 32) * bound) >>> 32);
    }

    /** Standard normal, by Marsaglia's polar method. */
    double normal() {
        if (hasSpare) {
            hasSpare = false;
            return spare;
        }
        double x;
        double y;
        double square;
        do {
            x = 2 * uniform() - 1;
            y = 2 * uniform() - 1;
            square = x * x + y * y;
        } while (square >= 1 || square == 0);
        double factor = Math.sqrt(-2 * StrictMath.log(square) / square);
        spare = y * factor;
        hasSpare = true;
        return x * factor;
    }
}
