package org.lowrank4j.agent;

import java.lang.instrument.Instrumentation;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The one agent of this JVM: what it was told, where its jar is, and how it speaks.
 *
 * @param version the agent's version, from its jar's manifest
 * @param jar the agent's jar
 */
record Agent(AgentOptions options, Switches switches, Banner banner, String version, Path jar) {

    private static volatile @Nullable Agent running;

    private static final List<String> IGNORED = new CopyOnWriteArrayList<>();

    /** The agent that this JVM was started with. */
    static Agent running() {
        Agent agent = running;
        if (agent == null) {
            throw new IllegalStateException("the lowrank4j agent was not started in this JVM");
        }
        return agent;
    }

    static @Nullable Agent runningOrNull() {
        return running;
    }

    /** Sentences about what the user gave to further agents of this JVM, which do not run. */
    List<String> ignored() {
        return List.copyOf(IGNORED);
    }

    /** Takes note of another agent that does not run, because this one does. */
    void ignore(AgentOptions others) {
        banner.warn("the agent already runs in this JVM, from " + jar
                + "; a second one does nothing. Give -javaagent once.");
        if (!others.asMap().equals(options.asMap())) {
            IGNORED.add("-javaagent is given twice with different arguments, and those of the second cannot be obeyed:"
                    + " give it once");
        }
    }

    /** Makes this the agent of the JVM and lets it see every class from here on. */
    void start(Instrumentation instrumentation, boolean late) {
        running = this;
        EndOfRun.register();
        TargetGate gate = new TargetGate(this);
        instrumentation.addTransformer(gate, instrumentation.isRetransformClassesSupported());
        LoadedTargets.weave(instrumentation, gate, banner, late);
    }

    /** For tests, which make hooks without starting an agent. */
    static void runFrom(@Nullable Agent agent) {
        running = agent;
    }

    /** The version in the manifest of the jar that holds this class; "unpackaged" where there is no jar. */
    static String versionOfThisJar() {
        String version = Agent.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }

    /** The jar that holds this class. */
    static Path thisJar() throws URISyntaxException {
        CodeSource source = Agent.class.getProtectionDomain().getCodeSource();
        if (source == null) {
            throw new IllegalStateException("the agent's jar cannot be found: its class has no code source");
        }
        return Path.of(source.getLocation().toURI());
    }
}
