package org.lowrank4j.tests.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A contestant in a child JVM. */
final class WorkerArm implements Contestant {

    private static final Pattern KERNEL = Pattern.compile("(?m)^Core: (.+)$");

    /**
     * A full collection may leave some percent of dead objects where they are and count them as live, so that footprints
     * would jump up and down by megabytes, most of all with the serial collector that the JVM takes on one core.
     */
    static final String COMPACT_FULLY = "-XX:MarkSweepDeadRatio=0";

    private final String name;
    private final Child child;

    /**
     * @param task for {@link Worker}: train, train-frozen, gemm or one of the rates
     * @param agent the argument of {@code -javaagent:}, empty for none
     * @param heap of the JVM, such as 512m
     * @param jvmOptions further ones
     */
    WorkerArm(String name, String task, String agent, Workload workload, String heap, Path logs, String... jvmOptions)
            throws IOException {
        // What only multiplies does it as the plugin does.
        this(
                task.startsWith("train") ? Child.classPath() : System.getProperty("java.class.path"),
                name,
                task,
                agent,
                workload,
                heap,
                Map.of(),
                logs,
                jvmOptions);
    }

    /** One that trains with further libraries. */
    static WorkerArm with(
            String libraries,
            Map<String, String> environment,
            String name,
            String agent,
            Workload workload,
            String heap,
            Path logs)
            throws IOException {
        String classPath = Child.classPath() + File.pathSeparator + libraries;
        return new WorkerArm(classPath, name, "train", agent, workload, heap, environment, logs);
    }

    private WorkerArm(
            String classPath,
            String name,
            String task,
            String agent,
            Workload workload,
            String heap,
            Map<String, String> environment,
            Path logs,
            String... jvmOptions)
            throws IOException {
        this.name = name;
        List<String> options = new ArrayList<>(List.of(
                "-Xmx" + heap, "-Dorg.bytedeco.javacpp.maxbytes=8g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=10g"));
        options.addAll(List.of(jvmOptions));
        if (!agent.isEmpty()) {
            options.add("-javaagent:" + agent);
        }
        List<String> arguments = new ArrayList<>(List.of(task));
        arguments.addAll(workload.arguments());
        child = Child.start(
                name + "-" + workload.label(), options, classPath, Worker.class, arguments, environment, logs);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void warmUp(double seconds) throws IOException {
        run(seconds);
    }

    @Override
    public Slice run(double seconds) throws IOException {
        return Slice.parse(child.ask("run " + seconds));
    }

    /** Memory of a whole process in bytes, -1 where the system does not tell. */
    record Memory(long resident, long peak) {}

    /** What the process holds now. */
    Memory memory() throws IOException {
        String[] words = child.ask("memory").split(" ");
        return new Memory(Long.parseLong(words[0]), Long.parseLong(words[1]));
    }

    /** Takes at least so many steps, and says how many. */
    int advance(int steps) throws IOException {
        return Integer.parseInt(child.ask("steps " + steps));
    }

    /** What the process holds now that it has freed what it can. */
    Footprint footprint() throws IOException {
        return Footprint.parse(child.ask("footprint"));
    }

    /** The processor family that OpenBLAS chose its kernels for. */
    String openBlasKernel() throws IOException {
        Matcher matcher = KERNEL.matcher(child.said());
        return matcher.find() ? matcher.group(1).strip() : "unknown";
    }

    /** Fails unless the agent's report says that this contestant trains with adapters. */
    void requireAdapters() throws IOException {
        if (!child.said().contains("trainable params")) {
            throw new IOException(
                    "'" + name + "' trained as stock: the agent did not report adapters. It said:\n" + child.said());
        }
    }

    @Override
    public void close() throws IOException {
        child.close();
    }
}
