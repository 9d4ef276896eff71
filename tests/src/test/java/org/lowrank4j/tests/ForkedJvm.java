package org.lowrank4j.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A program in a JVM of its own, as a user starts it: the truth about an agent. The JVM has a small heap and one OpenMP
 * thread, its class path is that of the tests without lowrank4j, and it is killed after two minutes unless more are given.
 */
public final class ForkedJvm {

    private final List<String> program;
    private final List<String> options = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private int seconds = 120;
    private Path jdk = Path.of(System.getProperty("java.home"));
    private String classPath = classPath(entry -> !isPlugin(entry));

    private ForkedJvm(List<String> program) {
        this.program = program;
    }

    /** Runs a class's main method. */
    public static ForkedJvm of(Class<?> main) {
        return new ForkedJvm(List.of(main.getName()));
    }

    /** Runs an executable jar. */
    public static ForkedJvm ofJar(Path jar) {
        return new ForkedJvm(List.of("-jar", jar.toString())).withClassPath("");
    }

    /** The agent's jar as it was built. */
    public static Path agentJar() {
        return Path.of(required("agent.jar")).toAbsolutePath().normalize();
    }

    /** A jar that only forked JVMs run with, by its file name. */
    public static Path neighbour(String name) {
        return Path.of(required("neighbours"), name);
    }

    /** The entries of the tests' class path that are wanted, in their order. */
    public static String classPath(Predicate<String> wanted) {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.stream(path.split(File.pathSeparator))
                .filter(wanted)
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Whether a class path entry is lowrank4j's plugin. */
    public static boolean isPlugin(String entry) {
        return entry.contains("lowrank4j-plugin")
                || entry.endsWith(Path.of("plugin", "target", "classes").toString());
    }

    public ForkedJvm withJdk(Path home) {
        jdk = home;
        return this;
    }

    /** Starts the JVM with the agent; {@code agentArguments} may be empty. */
    public ForkedJvm withAgent(String agentArguments) {
        return withOptions("-javaagent:" + agentJar() + (agentArguments.isEmpty() ? "" : "=" + agentArguments));
    }

    /** Options of the JVM, in the order of the calls. */
    public ForkedJvm withOptions(String... jvmOptions) {
        options.addAll(List.of(jvmOptions));
        return this;
    }

    public ForkedJvm withArguments(String... programArguments) {
        arguments.addAll(List.of(programArguments));
        return this;
    }

    public ForkedJvm withClassPath(String path) {
        classPath = path;
        return this;
    }

    public ForkedJvm withEnvironment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** Kills the JVM after so many seconds only. */
    public ForkedJvm withSeconds(int most) {
        seconds = most;
        return this;
    }

    /** Runs the program to its end. */
    public Run run() {
        List<String> command = new ArrayList<>();
        command.add(jdk.resolve("bin").resolve("java").toString());
        command.add("-Xmx512m");
        command.addAll(options);
        if (!classPath.isEmpty()) {
            command.add("-cp");
            command.add(classPath);
        }
        command.addAll(program);
        command.addAll(arguments);
        try {
            Path out = Files.createTempFile("forked", ".out");
            Path err = Files.createTempFile("forked", ".err");
            try {
                return run(command, out, err);
            } finally {
                Files.delete(out);
                Files.delete(err);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Both streams go to files, so the program never waits for a reader. */
    private Run run(List<String> command, Path out, Path err) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("LOWRANK_") || name.endsWith("JAVA_OPTIONS"));
        builder.environment().put("OMP_NUM_THREADS", "1");
        builder.environment().putAll(environment);
        Process process = builder.start();
        boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly().waitFor();
        }
        Run run = new Run(process.exitValue(), Files.readString(out), Files.readString(err));
        assertTrue(ended, () -> "still running after " + seconds + " s\n" + run);
        return run;
    }

    private static String required(String property) {
        String value = System.getProperty(property);
        assertTrue(value != null, "system property " + property + " is not set; the Maven build sets it");
        return value;
    }

    /**
     * What a program left behind.
     *
     * @param status the exit status
     */
    public record Run(int status, String out, String err) {

        /** This run, having made sure that the program ended well. */
        public Run succeeded() {
            assertEquals(0, status, this::toString);
            return this;
        }

        /** This run, having made sure that an uncaught exception ended the program. */
        public Run failed() {
            assertEquals(1, status, this::toString);
            return this;
        }

        /** The program's lines of standard output that begin with {@code result}, apart from what libraries print. */
        public List<String> results() {
            List<String> results =
                    out.lines().filter(line -> line.startsWith("result ")).toList();
            assertTrue(!results.isEmpty(), this::toString);
            return results;
        }

        /** The value of the result of this name. */
        public String result(String name) {
            String start = "result " + name + " ";
            return results().stream()
                    .filter(line -> line.startsWith(start))
                    .map(line -> line.substring(start.length()))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no result " + name + "\n" + this));
        }

        /** The lines that lowrank4j printed. */
        public List<String> lowrankLines() {
            return err.lines().filter(line -> line.startsWith("lowrank4j: ")).toList();
        }

        /** Lines of standard error that come from the JVM itself. */
        public List<String> jvmWarnings() {
            return Stream.concat(out.lines(), err.lines())
                    .filter(line -> line.startsWith("WARNING:") || line.contains(" VM warning:"))
                    .toList();
        }

        @Override
        public String toString() {
            return "exit status " + status + "\n--- standard output\n" + out + "\n--- standard error\n" + err;
        }
    }
}
