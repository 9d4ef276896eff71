package org.lowrank4j.engine;

/** Recognises training that runs on replicas of a network, which share full parameter and gradient vectors. */
final class Distributed {

    private Distributed() {}

    /** Whether ParallelWrapper, parallel inference or Spark training of DL4J is on the calling thread's stack. */
    static boolean onStack() {
        return StackWalker.getInstance()
                .walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                        .anyMatch(name -> name.startsWith("org.deeplearning4j.parallelism.")
                                || name.startsWith("org.deeplearning4j.spark.")));
    }
}
