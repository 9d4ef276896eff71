package org.lowrank4j.agent;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.CallSite;
import java.lang.invoke.ConstantCallSite;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The hooks of one Deeplearning4j: finds the plugin, activates it once, and links call sites to its methods.
 *
 * <p>If the plugin cannot start, every hook does nothing and the job runs as without the agent; with {@code strict=true}
 * every hook throws what the plugin threw. A rule that cannot be read is not such a case: the plugin starts, and refuses
 * it to the first network that trains. A single hook that cannot be
 * linked throws when it is called: hooks change what a network computes, and half of them are worse than none.
 */
final class HookSet {

    private static final String HOOKS = "org.lowrank4j.hook.";
    private static final String ACTIVATION = HOOKS + "Activation";
    private static final String VERSION = "org/lowrank4j/version.properties";

    private enum Phase {
        NEW,
        ACTIVATING,
        ACTIVE,
        IDLE
    }

    private final @Nullable ClassLoader deeplearning4j;
    private final @Nullable Agent agent;
    /** Lines for when the monitor is free again: a stream may wait for a thread that links a hook. */
    private final List<Runnable> unsaid = new ArrayList<>();

    private Phase phase;
    private @Nullable ClassLoader plugin;
    private @Nullable Throwable refusal;

    HookSet(@Nullable ClassLoader deeplearning4j, Agent agent) {
        this.deeplearning4j = deeplearning4j;
        this.agent = agent;
        this.phase = Phase.NEW;
    }

    private HookSet() {
        this.deeplearning4j = null;
        this.agent = null;
        this.phase = Phase.IDLE;
    }

    /** Hooks that do nothing. */
    static HookSet idle() {
        return new HookSet();
    }

    /**
     * Links one call site.
     *
     * @param type what the woven code passes and expects
     * @param hook class and method, for example {@code StepHooks.optimize}
     * @param last further values to pass to the hook after those of the woven code
     */
    CallSite link(MethodType type, String hook, Object... last) {
        synchronized (this) {
            if (phase == Phase.ACTIVATING) {
                // The plugin itself runs woven code while it starts, on this thread: nothing is adapted yet.
                return new LateCallSite(type, () -> handle(type, hook, last), () -> isActivating());
            }
        }
        return new ConstantCallSite(handle(type, hook, last));
    }

    private synchronized boolean isActivating() {
        return phase == Phase.ACTIVATING;
    }

    private MethodHandle handle(MethodType type, String hook, Object... last) {
        MethodHandle handle;
        List<Runnable> lines;
        synchronized (this) {
            handle = activated(type, hook, last);
            lines = List.copyOf(unsaid);
            unsaid.clear();
        }
        lines.forEach(Runnable::run);
        return handle;
    }

    private synchronized MethodHandle activated(MethodType type, String hook, Object... last) {
        if (phase == Phase.NEW && agent != null) {
            phase = Phase.ACTIVATING;
            phase = activate(agent) ? Phase.ACTIVE : Phase.IDLE;
        }
        if (refusal != null) {
            return throwing(type, refusal);
        }
        if (phase == Phase.IDLE) {
            return MethodHandles.empty(type);
        }
        try {
            MethodHandle method = MethodHandles.publicLookup().unreflect(method(hook));
            return MethodHandles.insertArguments(method, type.parameterCount(), last)
                    .asType(type);
        } catch (ReflectiveOperationException | RuntimeException | LinkageError failure) {
            return throwing(
                    type,
                    new IllegalStateException(
                            "lowrank4j: hook " + hook + " cannot be linked (" + failure
                                    + "), and without it the network would train neither as adapted nor as stock."
                                    + " Start the job without -javaagent, or with -Dlowrank.enabled=false.",
                            failure));
        }
    }

    private Method method(String hook) throws ReflectiveOperationException {
        int dot = hook.indexOf('.');
        Class<?> owner = Class.forName(HOOKS + hook.substring(0, dot), true, plugin);
        List<Method> found = Arrays.stream(owner.getMethods())
                .filter(method -> method.getName().equals(hook.substring(dot + 1)))
                .filter(method -> Modifier.isStatic(method.getModifiers()))
                .toList();
        if (found.size() != 1) {
            throw new NoSuchMethodException(found.size() + " public static methods of that name in " + owner.getName());
        }
        return found.get(0);
    }

    /** Whether the hooks are to run. */
    private boolean activate(Agent running) {
        LoaderState state = LoaderState.of(deeplearning4j);
        if (state.refusal() != null) {
            if (running.switches().strict()) {
                refusal = new IllegalStateException("lowrank4j: " + state.refusal() + " (strict=true)");
            }
            return false;
        }
        running.switches().describe().forEach(line -> detail(running, line));
        try {
            plugin = findPlugin(running);
            Method activate = Class.forName(ACTIVATION, true, plugin)
                    .getMethod("activate", Map.class, List.class, List.class, Supplier.class, Supplier.class);
            AgentOptions options = running.options();
            List<String> unreadable = new ArrayList<>(options.problems());
            unreadable.addAll(running.ignored());
            Supplier<@Nullable String> problem = state::weavingProblem;
            Supplier<Map<String, String>> annotated = () -> LoaderState.annotatedFor(deeplearning4j);
            unsaid.add((Runnable)
                    activate.invoke(null, options.asMap(), unreadable, options.repeated(), problem, annotated));
            EndOfRun.tell(this);
            return true;
        } catch (InvocationTargetException failure) {
            return refused(failure.getCause() == null ? failure : failure.getCause(), running);
        } catch (ReflectiveOperationException | IOException | RuntimeException | LinkageError failure) {
            return refused(failure, running);
        }
    }

    /** The JVM ends: the plugin may have something to say of the whole run. */
    void ended() {
        Agent running = agent;
        try {
            Class.forName(ACTIVATION, true, plugin).getMethod("ended").invoke(null);
        } catch (ReflectiveOperationException | RuntimeException | LinkageError failure) {
            if (running != null) {
                running.banner().detail("nothing is said of the whole run: " + failure);
            }
        }
    }

    private boolean refused(Throwable failure, Agent running) {
        if (running.switches().strict()) {
            refusal = failure;
        } else {
            warn(running, describe(failure) + " The job runs as without lowrank4j.");
        }
        return false;
    }

    private void warn(Agent running, String line) {
        unsaid.add(() -> running.banner().warn(line));
    }

    private void detail(Agent running, String line) {
        unsaid.add(() -> running.banner().detail(line));
    }

    private static String describe(Throwable failure) {
        String message = failure.getMessage();
        boolean ours = failure.getClass().getName().startsWith("org.lowrank4j.") && message != null;
        return ours ? String.valueOf(message) : "the plugin could not start: " + failure + ".";
    }

    /** The plugin on the application's class path if it is of the agent's version, else the agent's copy. */
    private ClassLoader findPlugin(Agent running) throws IOException {
        if (deeplearning4j == null) {
            throw new IllegalStateException("Deeplearning4j is on the boot class path, where it cannot be adapted");
        }
        String version = visibleVersion(deeplearning4j);
        if (running.version().equals(version)) {
            detail(running, "hooks from the lowrank4j-plugin on the class path, version " + version);
            return deeplearning4j;
        }
        if (version != null) {
            warn(
                    running,
                    "the lowrank4j-plugin on the class path has version " + version + ", the agent has "
                            + running.version() + ": the agent uses its own copy. Give both the same version.");
        }
        detail(running, "hooks from the agent's jar, version " + running.version());
        return BundledLoader.openPlugin(running.jar(), deeplearning4j);
    }

    private static @Nullable String visibleVersion(ClassLoader loader) throws IOException {
        try (InputStream stream = loader.getResourceAsStream(VERSION)) {
            if (stream == null) {
                return null;
            }
            Properties properties = new Properties();
            properties.load(stream);
            return properties.getProperty("version", "unknown");
        }
    }

    private static MethodHandle throwing(MethodType type, Throwable failure) {
        MethodHandle thrower =
                MethodHandles.throwException(type.returnType(), Throwable.class).bindTo(failure);
        return MethodHandles.dropArguments(thrower, 0, type.parameterList());
    }
}
