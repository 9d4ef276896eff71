package org.lowrank4j.agent;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the Deeplearning4j of one class loader: whether it has the expected shape, and whether weaving it
 * went well. Holds strings only, so that it never keeps a class loader alive.
 */
public final class LoaderState {

    private static final Map<@Nullable ClassLoader, LoaderState> STATES =
            Collections.synchronizedMap(new WeakHashMap<>());

    private boolean checked;
    private volatile @Nullable String refusal;
    private volatile @Nullable String weavingProblem;

    /** The state of the Deeplearning4j that a loader defines. */
    public static LoaderState of(@Nullable ClassLoader loader) {
        return STATES.computeIfAbsent(loader, key -> new LoaderState());
    }

    /** Runs the check of this Deeplearning4j unless it ran before. */
    public synchronized void checkOnce(Runnable check) {
        if (!checked) {
            checked = true;
            check.run();
        }
    }

    /** Nothing of this Deeplearning4j is to be adapted; {@code reason} is a sentence for the user. */
    public void refuse(String reason) {
        refusal = reason;
    }

    public @Nullable String refusal() {
        return refusal;
    }

    /** A class of the catalogue stayed as it was; the first problem counts. */
    public synchronized void weavingFailed(String problem) {
        if (weavingProblem == null) {
            weavingProblem = problem;
        }
    }

    /** What went wrong, for the plugin, which adapts all of a network or nothing. */
    public @Nullable String weavingProblem() {
        return weavingProblem;
    }
}
