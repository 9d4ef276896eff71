package org.lowrank4j.tests.bench;

/** What a contestant repeats while it has its turn: one training step, or several that cannot be told apart in time. */
interface Work extends Runnable {

    /** Training steps in one run. */
    default int steps() {
        return 1;
    }
}
