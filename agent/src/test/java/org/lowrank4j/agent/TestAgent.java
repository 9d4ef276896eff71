package org.lowrank4j.agent;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

/** An agent of version 1 whose lines are kept. */
public final class TestAgent implements AutoCloseable {

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final Agent agent;

    public TestAgent(String arguments, Path jar) {
        this(arguments, jar, () -> {});
    }

    /** @param printing runs while a line is printed */
    TestAgent(String arguments, Path jar, Runnable printing) {
        AgentOptions options = AgentOptions.parse(arguments);
        Switches switches = new Switches(options, new Properties(), Map.of());
        Banner banner = new Banner(
                new PrintStream(lines, true, StandardCharsets.UTF_8) {
                    @Override
                    public void println(String line) {
                        printing.run();
                        super.println(line);
                    }
                },
                switches.verbose());
        agent = new Agent(options, switches, banner, "1", jar);
    }

    /** Makes this the running agent until it is closed. */
    public TestAgent started() {
        Agent.runFrom(agent);
        return this;
    }

    Agent agent() {
        return agent;
    }

    public Banner banner() {
        return agent.banner();
    }

    /** All that was printed. */
    public String lines() {
        return lines.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        Agent.runFrom(null);
    }
}
