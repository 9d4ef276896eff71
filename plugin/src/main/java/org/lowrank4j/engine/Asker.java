package org.lowrank4j.engine;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who asks an updater for its state or its blocks. DL4J itself copies states from one network to another, where it expects
 * them to be of every parameter; adapters go their own way there. A program gets what is trained.
 */
final class Asker {

    private static final List<String> DL4J = List.of(
            "org.deeplearning4j.nn.",
            "org.deeplearning4j.util.",
            "org.deeplearning4j.parallelism.",
            "org.deeplearning4j.spark.");

    private Asker() {}

    /** DL4J's method that asks; null if a program does. */
    static @Nullable String dl4jMethod() {
        Optional<StackWalker.StackFrame> asking = StackWalker.getInstance()
                .walk(frames -> frames.filter(frame -> !passesOn(frame)).findFirst());
        return asking.filter(frame -> DL4J.stream().anyMatch(frame.getClassName()::startsWith))
                .map(StackWalker.StackFrame::getMethodName)
                .orElse(null);
    }

    /** Whether the part of DL4J asks that trains networks. */
    static boolean trains() {
        return StackWalker.getInstance()
                .walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                        .filter(name -> !name.startsWith("org.lowrank4j.engine.")
                                && !name.startsWith("org.lowrank4j.hook.")
                                && !name.startsWith("org.deeplearning4j.nn.updater."))
                        .findFirst())
                .filter(name ->
                        name.startsWith("org.deeplearning4j.nn.") || name.startsWith("org.deeplearning4j.optimize."))
                .isPresent();
    }

    /** Whether DL4J trains a layer by itself, to which a network's labels mean nothing. */
    static boolean pretrains() {
        return StackWalker.getInstance()
                .walk(frames -> frames.anyMatch(frame -> frame.getMethodName().startsWith("pretrain")
                        && frame.getClassName().startsWith(DL4J.get(0))));
    }

    /** Whether DL4J reports on a crash for want of memory, which must not take more. */
    static boolean reportsOnMemory() {
        return StackWalker.getInstance()
                .walk(frames -> frames.anyMatch(
                        frame -> frame.getClassName().equals("org.deeplearning4j.util.CrashReportingUtil")));
    }

    /** Our own code, DL4J's updaters, and what a network answers to whoever asks it for the state. */
    private static boolean passesOn(StackWalker.StackFrame frame) {
        return frame.getClassName().startsWith("org.lowrank4j.engine.")
                || frame.getClassName().startsWith("org.deeplearning4j.nn.updater.")
                || frame.getMethodName().equals("updaterState");
    }
}
