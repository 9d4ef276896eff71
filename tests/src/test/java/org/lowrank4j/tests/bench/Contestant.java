package org.lowrank4j.tests.bench;

import java.io.Closeable;
import java.io.IOException;

/** One contestant of an interleaved run. */
interface Contestant extends Closeable {

    String name();

    /** Runs alone until its code is compiled and its memory is in place. */
    void warmUp(double seconds) throws IOException;

    /** Takes its turn. */
    Slice run(double seconds) throws IOException;
}
