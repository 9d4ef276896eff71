package org.lowrank4j.engine;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Held by a step of one network while weights, adapters and updater state move, and by whoever takes a picture of them.
 *
 * <p>A thread that is inside one network's step may want to look at another network, whose step may want to look at the
 * first: two listeners that save each other's networks. So a thread that would have to wait lets go of the locks that it
 * holds meanwhile. Its own network can then be seen before its step has moved anything, which is a whole state, too.
 */
final class StepLock {

    private static final Set<StepLock> ALL =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private final ReentrantLock lock = new ReentrantLock();

    /** What the holder let go of to get this lock, with how often it held it. Under the lock. */
    private Map<StepLock, Integer> letGo = Map.of();

    StepLock() {
        ALL.add(this);
    }

    /** Takes the lock, again if the thread has it. */
    void lock() {
        if (!lock.tryLock()) {
            Map<StepLock, Integer> others = letGoOfOthers();
            lock.lock();
            letGo = others;
        }
    }

    /** Gives the lock back, and takes those again that the thread let go of for it. */
    void unlock() {
        Map<StepLock, Integer> others = Map.of();
        if (lock.getHoldCount() == 1) {
            others = letGo;
            letGo = Map.of();
        }
        lock.unlock();
        others.forEach(StepLock::lockAgain);
    }

    private static Map<StepLock, Integer> letGoOfOthers() {
        Map<StepLock, Integer> held = new LinkedHashMap<>();
        synchronized (ALL) {
            for (StepLock one : ALL) {
                int times = one.lock.getHoldCount();
                if (times > 0) {
                    held.put(one, times);
                }
            }
        }
        held.forEach((one, times) -> {
            for (int i = 0; i < times; i++) {
                one.lock.unlock();
            }
        });
        return held;
    }

    private void lockAgain(int times) {
        for (int i = 0; i < times; i++) {
            lock.lock();
        }
    }
}
