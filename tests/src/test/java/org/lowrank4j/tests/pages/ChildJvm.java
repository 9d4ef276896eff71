package org.lowrank4j.tests.pages;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Runs one program of the example in a JVM of its own, as a user would start it, and ends it when we end. */
public final class ChildJvm {

    /** What a child that failed said last. */
    public static final class FailedException extends IOException {
        private static final long serialVersionUID = 1L;

        FailedException(String message) {
            super(message);
        }
    }

    private static final int LAST_LINES = 25;

    /** Exit codes of a JVM ended by Ctrl-C and by a request to terminate: 128 and the signal's number. */
    private static final int STOPPED_BY_INTERRUPT = 130;

    private static final int STOPPED_BY_TERMINATE = 143;

    private final List<String> errors = new ArrayList<>();
    private final List<String> last = new ArrayList<>();

    private ChildJvm() {}

    /**
     * Runs a program to its end.
     *
     * @param jvmOptions options before the class name, such as {@code -javaagent:...}
     * @param main the program's class
     * @param arguments its arguments
     * @param onLine called with each line of its standard output
     * @return the lines of its error stream
     * @throws FailedException if it ends with another exit code than 0; the message holds its last lines
     */
    public static List<String> run(
            List<String> jvmOptions, Class<?> main, List<String> arguments, Consumer<String> onLine)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC"));
        if (Runtime.version().feature() >= 22) {
            // ND4J loads native code, which newer JVMs warn about unless it is allowed.
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        // One thread each: times that do not depend on what else the machine does, and reproducible sums.
        builder.environment().put("OMP_NUM_THREADS", "1");
        return new ChildJvm().run(builder, main.getSimpleName(), onLine);
    }

    private List<String> run(ProcessBuilder builder, String name, Consumer<String> onLine)
            throws IOException, InterruptedException {
        Process process = builder.start();
        Thread stopper = new Thread(() -> stop(process), "stop-child");
        Runtime.getRuntime().addShutdownHook(stopper);
        try {
            process.getOutputStream().close();
            Thread errorReader = new Thread(() -> read(process.getErrorStream(), errors::add), "child-errors");
            errorReader.start();
            read(process.getInputStream(), onLine);
            int exit = process.waitFor();
            errorReader.join();
            if (exit == STOPPED_BY_INTERRUPT || exit == STOPPED_BY_TERMINATE) {
                throw new FailedException(name + " was stopped (exit code " + exit + ").");
            }
            if (exit != 0) {
                throw new FailedException(
                        name + " ended with exit code " + exit + ". Its last lines:\n  " + String.join("\n  ", last));
            }
            return errors;
        } finally {
            stop(process);
            removeUnlessExiting(stopper);
        }
    }

    private void read(InputStream stream, Consumer<String> onLine) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                synchronized (last) {
                    last.add(line);
                    if (last.size() > LAST_LINES) {
                        last.remove(0);
                    }
                }
                onLine.accept(line);
            }
        } catch (IOException broken) {
            throw new UncheckedIOException("The output of a child process could not be read.", broken);
        }
    }

    private static void stop(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(3, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private static void removeUnlessExiting(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException exiting) {
            // The JVM is shutting down and runs the hook itself.
        }
    }
}
