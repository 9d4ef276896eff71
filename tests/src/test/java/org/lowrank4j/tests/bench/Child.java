package org.lowrank4j.tests.bench;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.lowrank4j.annotation.LowRank;

/**
 * A child JVM that answers one line for each line it is sent. Answers start with {@link #MARK}: everything else on its
 * standard output is somebody else's. Its error stream goes to a file.
 */
final class Child implements Closeable {

    static final String MARK = "#bench ";

    /** Keeps DL4J's start-up report out of the results. */
    static final String QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";

    /** One thread for every library, or contestants would fight over the cores. */
    static final Map<String, String> ONE_THREAD =
            Map.of("OMP_NUM_THREADS", "1", "OPENBLAS_NUM_THREADS", "1", "OPENBLAS_VERBOSE", "2");

    /** Libraries that choose their code by the processor use that of AVX2, as OpenBLAS's Haswell kernels do. */
    static final Map<String, String> AVX2 =
            Map.of("ONEDNN_MAX_CPU_ISA", "AVX2", "DNNL_MAX_CPU_ISA", "AVX2", "ATEN_CPU_CAPABILITY", "avx2");

    private final String name;
    private final Path errors;
    private final Process process;
    private final Thread stopper;
    private final Writer requests;
    private final BufferedReader answers;

    private Child(String name, Path errors, Process process) {
        this.name = name;
        this.errors = errors;
        this.process = process;
        requests = process.outputWriter(StandardCharsets.UTF_8);
        answers = process.inputReader(StandardCharsets.UTF_8);
        stopper = new Thread(process::destroyForcibly, "stop " + name);
        Runtime.getRuntime().addShutdownHook(stopper);
    }

    /**
     * Starts a class of the benchmarks in a JVM of its own and waits until it says that it is ready.
     *
     * @param name for messages and the name of the file with its error stream
     * @param jvmOptions such as {@code -javaagent:...}
     * @param classPath {@link #classPath} for a program that trains
     * @param environment beside what all have
     * @param logs folder for its error stream
     */
    static Child start(
            String name,
            List<String> jvmOptions,
            String classPath,
            Class<?> main,
            List<String> arguments,
            Map<String, String> environment,
            Path logs)
            throws IOException {
        Files.createDirectories(logs);
        Path errors = logs.resolve(name.replaceAll("[^A-Za-z0-9.-]+", "-") + ".err");
        ProcessBuilder builder = new ProcessBuilder(command(jvmOptions, classPath, main.getName(), arguments));
        builder.environment().putAll(ONE_THREAD);
        builder.environment().putAll(environment);
        builder.redirectError(errors.toFile());
        Child child = new Child(name, errors, builder.start());
        try {
            child.answer();
        } catch (IOException failed) {
            child.close();
            throw failed;
        }
        return child;
    }

    /** A user's class path: everything here but the plugin, which comes with the agent that is measured. */
    static String classPath() {
        Path plugin = Path.of(LowRank.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath());
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).equals(plugin))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** The command line of a child JVM; the one place that knows its common options. */
    static List<String> command(List<String> jvmOptions, String classPath, String main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", QUIET));
        if (Runtime.version().feature() >= 22) {
            // ND4J loads native code, which newer JVMs warn about unless it is allowed.
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", classPath, main));
        command.addAll(arguments);
        return command;
    }

    /** Sends a line and waits for the answer. */
    String ask(String request) throws IOException {
        requests.write(request + "\n");
        requests.flush();
        return answer();
    }

    private String answer() throws IOException {
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith(MARK)) {
                return line.substring(MARK.length());
            }
        }
        throw new IOException("The JVM '" + name + "' ended before it answered. It said:\n" + said());
    }

    /** Its error stream up to now. */
    String said() throws IOException {
        return Files.readString(errors);
    }

    @Override
    public void close() throws IOException {
        try {
            requests.close();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            Runtime.getRuntime().removeShutdownHook(stopper);
        }
    }
}
