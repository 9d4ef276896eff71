package org.lowrank4j.tests.spark;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lowrank4j.tests.ForkedJvm;

/**
 * A stand-alone cluster of Spark: a master and workers of one core each, processes of this machine that can be reached by it
 * alone, from a Spark home of links to the jars of the class path. Ending it, or this JVM, ends all of them and their executors.
 */
public final class StandaloneCluster implements AutoCloseable {

    /** What Spark 3.1 reaches into on JDK 17. */
    private static final List<String> OPENED = Stream.of(
                    "java.nio", "sun.nio.ch", "java.lang", "java.lang.invoke", "java.util", "java.util.concurrent.atomic")
            .map(name -> "--add-opens=java.base/" + name + "=ALL-UNNAMED")
            .toList();

    private static final Pattern DL4J =
            Pattern.compile(".*[/\\\\]org[/\\\\](deeplearning4j|nd4j|datavec|bytedeco)[/\\\\].*\\.jar");
    private static final Pattern ADDRESS = Pattern.compile("spark://127\\.0\\.0\\.1:\\d+");
    private static final int START_SECONDS = 180;
    private static final int JOB_SECONDS = 300;
    private static final int END_SECONDS = 5;

    private final Path home;
    private final Path folder;
    private final List<Process> processes = new ArrayList<>();
    private final Thread atExit = new Thread(this::end, "end-cluster");
    private final String address;

    private StandaloneCluster(Path folder, int workers, boolean withDl4j) throws IOException {
        this.folder = folder;
        home = Files.createDirectories(folder.resolve("spark-home"));
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            linkJars(withDl4j);
            address = start(workers);
        } catch (IOException | RuntimeException | Error failed) {
            close();
            throw failed;
        }
    }

    /** Without DL4J, which each job brings along. */
    public static StandaloneCluster of(Path folder, int workers) throws IOException {
        return new StandaloneCluster(folder, workers, false);
    }

    /** With DL4J in the Spark home. */
    public static StandaloneCluster withDl4j(Path folder, int workers) throws IOException {
        return new StandaloneCluster(folder, workers, true);
    }

    private void linkJars(boolean withDl4j) throws IOException {
        Path jars = Files.createDirectories(home.resolve("jars"));
        String path = ForkedJvm.classPath(entry -> entry.endsWith(".jar")
                && !entry.contains("lowrank4j")
                // Classes of two releases; on a class path, the first in order is the newer one.
                && !entry.contains("/net/jpountz/")
                && !entry.contains("slf4j-simple")
                && (withDl4j || !isDl4j(entry)));
        for (String entry : path.split(File.pathSeparator)) {
            Path jar = Path.of(entry);
            Path link = jars.resolve(jar.getFileName());
            if (Files.notExists(link)) {
                Files.createSymbolicLink(link, jar);
            }
        }
        Files.createFile(home.resolve("RELEASE"));
    }

    private static boolean isDl4j(String entry) {
        return DL4J.matcher(entry).matches();
    }

    /** The jars of DL4J, ND4J and their natives on the class path, for {@code spark.jars}: each machine has them. */
    public static String dl4jJars() {
        return Arrays.stream(ForkedJvm.classPath(StandaloneCluster::isDl4j).split(File.pathSeparator))
                .map(jar -> "local:" + jar)
                .collect(Collectors.joining(","));
    }

    /** @return the master's address */
    private String start(int workers) throws IOException {
        Process master = start(
                "master",
                List.of("org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0"));
        String found = await(master, "Starting Spark master at", 1);
        Matcher matcher = ADDRESS.matcher(found);
        if (!matcher.find()) {
            throw new IOException("The master does not say where it is:\n" + found);
        }
        for (int i = 1; i <= workers; i++) {
            startWorker(i, matcher.group());
        }
        await(master, "Registering worker", workers);
        return matcher.group();
    }

    private void startWorker(int number, String master) throws IOException {
        start(
                "worker-" + number,
                List.of(
                        "org.apache.spark.deploy.worker.Worker",
                        "--host",
                        "127.0.0.1",
                        "--port",
                        "0",
                        "--webui-port",
                        "0",
                        "--cores",
                        "1",
                        "--memory",
                        "900m",
                        "--work-dir",
                        folder.resolve("work-" + number).toString(),
                        master));
    }

    /** Starts one more worker, which registers some time later. */
    public void addWorker() throws IOException {
        startWorker(processes.size(), address);
    }

    private Process start(String name, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx300m"));
        command.addAll(OPENED);
        command.addAll(List.of("-cp", home.resolve("jars") + File.separator + "*"));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log(name).toFile());
        builder.environment().keySet().removeIf(set -> set.startsWith("LOWRANK_") || set.endsWith("JAVA_OPTIONS"));
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("SPARK_SCALA_VERSION", "2.12");
        builder.environment().put("SPARK_LOCAL_DIRS", folder.resolve("local").toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("OMP_NUM_THREADS", "1");
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private Path log(String name) {
        return folder.resolve(name + ".log");
    }

    /** @return what the master has written once it has so many lines with these words */
    private String await(Process master, String words, int times) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            String said = Files.readString(log("master"));
            if (said.lines().filter(line -> line.contains(words)).count() >= times) {
                return said;
            }
            if (System.nanoTime() > end || !master.isAlive()) {
                throw new IOException("The cluster did not start:\n" + said);
            }
            try {
                Thread.sleep(100);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while a cluster started", interrupted);
            }
        }
    }

    /** Where jobs find it: {@code spark://127.0.0.1:PORT}. */
    public String address() {
        return address;
    }

    /**
     * A job that is driven by a class of the tests, with an executor of one core for every worker.
     *
     * @param executorOptions options of each executor's JVM, such as {@code -javaagent:...}
     */
    public ForkedJvm job(Class<?> driver, String... executorOptions) {
        List<String> options = new ArrayList<>(OPENED);
        options.add("-Dorg.bytedeco.javacpp.maxphysicalbytes=2g");
        options.addAll(List.of(executorOptions));
        return ForkedJvm.of(driver)
                .withSeconds(JOB_SECONDS)
                .withEnvironment("SPARK_LOCAL_IP", "127.0.0.1")
                .withEnvironment("SPARK_LOCAL_DIRS", folder.resolve("local").toString())
                .withOptions("-Xmx1g")
                .withOptions(OPENED.toArray(String[]::new))
                .withOptions(
                        "-Dspark.master=" + address,
                        "-Dspark.ui.enabled=false",
                        "-Dspark.driver.host=127.0.0.1",
                        "-Dspark.driver.bindAddress=127.0.0.1",
                        "-Dspark.executor.memory=500m",
                        "-Dspark.executor.cores=1",
                        "-Dspark.executor.extraJavaOptions=" + String.join(" ", options));
    }

    /** What the executors of all jobs so far have written to standard error. */
    public String executorsSaid() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            StringBuilder said = new StringBuilder();
            for (Path file : files.filter(file -> file.endsWith("stderr")).sorted().toList()) {
                said.append(Files.readString(file));
            }
            return said.toString();
        }
    }

    @Override
    public void close() throws IOException {
        end();
        Runtime.getRuntime().removeShutdownHook(atExit);
        // JUnit warns of every link that it removes.
        try (Stream<Path> links = Files.list(home.resolve("jars"))) {
            for (Path link : links.toList()) {
                Files.delete(link);
            }
        }
    }

    /** A worker that is asked to end takes its executors along; one that does not answer cannot. */
    private void end() {
        List<ProcessHandle> all = processes.stream()
                .flatMap(process -> Stream.concat(process.descendants(), Stream.of(process.toHandle())))
                .toList();
        all.forEach(ProcessHandle::destroy);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
        while (all.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        all.forEach(ProcessHandle::destroyForcibly);
    }
}
