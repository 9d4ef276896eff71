package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.update.SidePath;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Lets the weights of one network lag behind its adapters while {@code fit} works through an iterator, and brings them up
 * to date before anybody looks: at the end of fit, and whenever parameters are asked for meanwhile.
 *
 * <p>A step holds the lock, so another thread that asks waits for its end. Once another thread has asked, weights move in
 * every step again, because it may keep what it was given and look later. So they do while a listener is set that is not
 * DL4J's own: it may have been keeping a view of the parameters since before fit.
 */
final class Deferral {

    private final ReentrantLock lock = new ReentrantLock();
    private final List<SidePath> paths = new ArrayList<>();
    private volatile boolean behind;
    private volatile boolean watched;
    private volatile @Nullable Thread trainer;
    private boolean allowed;

    void add(SidePath path) {
        paths.add(path);
    }

    /**
     * Begins a step, which {@link #endStep} must end.
     *
     * @param insideFit whether fit goes on with an iterator after this step
     */
    void beginStep(boolean insideFit, Collection<TrainingListener> listeners) {
        lock.lock();
        trainer = insideFit ? Thread.currentThread() : null;
        allowed = !paths.isEmpty() && insideFit && !watched && areKnown(listeners);
        if (!allowed) {
            merge();
        }
    }

    private static boolean areKnown(Collection<TrainingListener> listeners) {
        for (TrainingListener listener : listeners) {
            if (!listener.getClass().getName().startsWith("org.deeplearning4j.")) {
                return false;
            }
        }
        return true;
    }

    void endStep() {
        lock.unlock();
    }

    /** Opens a path in the running step if that is allowed and pays; whether it is open. */
    boolean opens(SidePath path, long examples) {
        if (!path.isOpen() && allowed && path.pays(examples)) {
            path.open();
            behind = true;
        }
        return path.isOpen();
    }

    /** The end of fit. */
    void endFit() {
        catchUp();
        trainer = null;
    }

    /** Makes W the effective weight everywhere, for whoever is about to look at it or to change it. */
    void catchUp() {
        Thread fitting = trainer;
        if (fitting != null && fitting != Thread.currentThread()) {
            watched = true;
        }
        if (behind) {
            lock.lock();
            try {
                merge();
            } finally {
                lock.unlock();
            }
        }
    }

    private void merge() {
        if (behind) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                paths.stream().filter(SidePath::isOpen).forEach(SidePath::merge);
            }
            behind = false;
        }
    }
}
