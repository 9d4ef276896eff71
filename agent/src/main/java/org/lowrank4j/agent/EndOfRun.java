package org.lowrank4j.agent;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * Tells every plugin that the JVM ends. Made and registered while the agent starts, where the stack has no code of the
 * application yet whose class loaders the thread would keep; it holds hooks weakly for the same reason.
 */
final class EndOfRun extends Thread {

    private static final Set<HookSet> HOOKS =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private EndOfRun() {
        super(null, null, "lowrank4j-end", 0, false);
        setContextClassLoader(null);
    }

    /** Registers it with the JVM; where a security manager denies that, nothing is told. */
    static void register() {
        try {
            Runtime.getRuntime().addShutdownHook(new EndOfRun());
        } catch (SecurityException | IllegalStateException denied) {
            // The second: the JVM ends already. What would have been said is advice only.
        }
    }

    /** The plugin of these hooks runs. */
    static void tell(HookSet hooks) {
        HOOKS.add(hooks);
    }

    @Override
    public void run() {
        List<HookSet> all;
        synchronized (HOOKS) {
            all = new ArrayList<>(HOOKS);
        }
        all.forEach(HookSet::ended);
    }
}
