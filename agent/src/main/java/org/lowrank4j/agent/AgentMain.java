package org.lowrank4j.agent;

import java.lang.instrument.Instrumentation;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Where the JVM enters the agent: with {@code -javaagent} before {@code main}, by {@code Launcher-Agent-Class} of an
 * executable jar, or by attaching later.
 *
 * <p>What this code must never do: load a class of Deeplearning4j or ND4J (ND4J chooses its backend when its first class
 * is initialised, in the application's context), load a library class, start a thread, or throw, unless the user asked
 * for that with {@code strict=true}: an exception here would stop the JVM before {@code main}.
 */
public final class AgentMain {

    private AgentMain() {}

    /** Called before {@code main} for {@code -javaagent}. */
    public static void premain(@Nullable String arguments, Instrumentation instrumentation) {
        start(arguments, instrumentation, false);
    }

    /** Called before {@code main} for {@code Launcher-Agent-Class}, or when the agent is attached to a running JVM. */
    public static void agentmain(@Nullable String arguments, Instrumentation instrumentation) {
        start(arguments, instrumentation, true);
    }

    private static void start(@Nullable String arguments, Instrumentation instrumentation, boolean late) {
        AgentOptions options = AgentOptions.parse(arguments);
        Switches switches = Switches.ofThisJvm(options);
        if (!switches.enabled()) {
            return;
        }
        Banner banner = new Banner(System.err, switches.verbose());
        Agent first = Agent.runningOrNull();
        if (first != null) {
            first.ignore(options);
            return;
        }
        try {
            // A loop: the first lambda of a JVM costs more than the rest of this method.
            for (String problem : switches.problems()) {
                banner.warn(problem);
            }
            new Agent(options, switches, banner, Agent.versionOfThisJar(), Agent.thisJar())
                    .start(instrumentation, late);
        } catch (URISyntaxException | RuntimeException | LinkageError failure) {
            if (switches.strict()) {
                throw new IllegalStateException("lowrank4j: the agent could not start and strict=true", failure);
            }
            banner.warn("the agent could not start, the job runs without it: " + failure);
        }
    }
}
