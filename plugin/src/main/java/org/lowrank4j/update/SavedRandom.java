package org.lowrank4j.update;

import org.lowrank4j.method.KeptNumber;

/** A random generator whose whole state is one number that can be saved: SplitMix64. */
final class SavedRandom {

    private final KeptNumber state;

    SavedRandom(KeptNumber state) {
        this.state = state;
    }

    /** Uniform in [0, 1). */
    double nextUniform() {
        long next = state.get() + 0x9E3779B97F4A7C15L;
        state.set(next);
        long mixed = (next ^ (next >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return ((mixed ^ (mixed >>> 31)) >>> 11) * 0x1.0p-53;
    }
}
