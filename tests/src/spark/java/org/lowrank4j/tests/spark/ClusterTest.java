package org.lowrank4j.tests.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.bench.EmptyAgent;
import org.lowrank4j.tests.spark.program.AveragingJob;

/** Jobs on a cluster of two workers, each in a process of its own. */
@Tag("spark")
class ClusterTest {

    @TempDir
    static Path folder;

    private static @Nullable StandaloneCluster cluster;

    @BeforeAll
    static void start() throws IOException {
        cluster = StandaloneCluster.withDl4j(folder, 2);
    }

    @AfterAll
    static void end() throws IOException {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static final String RULE = "rank=2";

    private static final String AGENT = "-javaagent:" + ForkedJvm.agentJar();

    private static ForkedJvm job(String... executorOptions) {
        return job(Objects.requireNonNull(cluster), executorOptions);
    }

    private static ForkedJvm job(StandaloneCluster cluster, String... executorOptions) {
        return cluster.job(AveragingJob.class, executorOptions)
                .withOptions("-Dspark.executor.extraClassPath="
                        + ForkedJvm.classPath(entry -> entry.endsWith("test-classes")));
    }

    /** An average of SGD's steps is a step on the average of the gradients. */
    private static void assertLearnedAsOneMachine(Run run, String serializer) {
        assertTrue(Double.parseDouble(run.result(serializer + ".difference")) <= 1e-12, run::toString);
        assertTrue(Double.parseDouble(run.result(serializer + ".moved")) > 1e-3, run::toString);
    }

    @Test
    void stockLearnsAsOneMachineDoes() {
        assertLearnedAsOneMachine(job().run().succeeded(), "java");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void adaptersLearnAsOnOneMachine(boolean graph) throws IOException {
        Run run = job(AGENT)
                .withAgent(RULE)
                .withArguments("serializers=java,kryo", "graph=" + graph)
                .run()
                .succeeded();
        assertLearnedAsOneMachine(run, "java");
        assertLearnedAsOneMachine(run, "kryo");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", RULE})
    void anExecutorThatEndsInTheMiddleOfARoundChangesNothing(String rule) {
        Path halted = folder.resolve("halted" + rule);
        Run whole = job(AGENT)
                .withAgent(rule)
                .withArguments("frequency=2", "updater=adam")
                .run()
                .succeeded();
        Run broken = job(AGENT)
                .withAgent(rule)
                .withArguments("frequency=2", "updater=adam", "halt=" + halted)
                .run()
                .succeeded();
        assertTrue(Files.exists(halted), "no executor was ended");
        assertEquals(whole.result("java.parameters"), broken.result("java.parameters"));
    }

    /** Spark tries it four times; then the job has the user's exception, and the network as it was. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWorkerThatThrowsEndsTheFit(boolean graph) {
        Run run = job(AGENT)
                .withAgent(RULE)
                .withArguments("fails=true", "graph=" + graph)
                .run()
                .succeeded();
        assertEquals("IllegalStateException", run.result("java.failed"));
        assertEquals("true", run.result("java.unchanged"));
        assertLearnedAsOneMachine(run, "java");
    }

    /** What travels is known beforehand: the network once for each executor, and what trains for each of them and each round. */
    @Test
    void whatTravelsIsWhatTheReportSays() {
        String[] arguments = {"width=256", "type=FLOAT", "updater=adam", "rounds=4"};
        Run stock = job().withArguments(arguments).run().succeeded();
        Run adapted = job(AGENT).withAgent(RULE).withArguments(arguments).run().succeeded();
        System.out.println("stock " + stock.results() + "\nadapters " + adapted.results() + "\n" + adapted.lowrankLines());
        long all = 12 * 256 + 256 + 256 * 256 + 256 + 256 * 3 + 3;
        long trained = 2 * (12 + 256) + 2 * (256 + 256) + 256 * 3 + 3;
        assertTravelled(stock, 2 * 4 * 3 * all * Float.BYTES, 2 * 4 * 3 * all * Float.BYTES);
        assertTravelled(
                adapted,
                2 * 4 * 3 * trained * Float.BYTES + 2 * all * Float.BYTES,
                2 * 4 * 3 * trained * Float.BYTES);
    }

    /** Up to what Spark adds to each task and each broadcast. */
    private static void assertTravelled(Run run, long broadcast, long results) {
        long tasks = Long.parseLong(run.result("java.tasks"));
        long sent = Long.parseLong(run.result("java.broadcast"));
        long returned = Long.parseLong(run.result("java.results"));
        assertTrue(Math.abs(sent - broadcast) < 0.1 * broadcast + 20_000 * tasks, () -> sent + " for " + broadcast);
        assertTrue(Math.abs(returned - results) < 0.1 * results + 5_000 * tasks, () -> returned + " for " + results);
    }

    /** The driver says so, once, and what it trains are no wrong numbers but stock's. */
    @Test
    void executorsWithoutTheAgentTrainAsStock() {
        Run stock = job().withArguments("updater=adam").run().succeeded();
        Run asked = job().withAgent(RULE).withArguments("updater=adam").run().succeeded();
        assertEquals(stock.result("java.parameters"), asked.result("java.parameters"));
        assertEquals(
                1,
                asked.lowrankLines().stream()
                        .filter(line -> line.contains("trains as stock")
                                && line.contains("without lowrank4j")
                                && line.contains("spark.executor.extraJavaOptions=-javaagent:" + ForkedJvm.agentJar()))
                        .count(),
                asked::toString);
        Run executorsOnly = job(AGENT).withArguments("updater=adam").run().succeeded();
        assertEquals(stock.result("java.parameters"), executorsOnly.result("java.parameters"));
    }

    /** The question was asked before it came: on its machine, the path of the agent leads to another one. */
    @Test
    void anExecutorWithoutTheAgentThatJoinsLaterEndsTheJob(@TempDir Path another) throws Exception {
        Path agent = Files.copy(ForkedJvm.agentJar(), another.resolve("agent.jar"));
        Path asked = another.resolve("asked");
        try (StandaloneCluster one = StandaloneCluster.withDl4j(another, 1)) {
            FutureTask<Boolean> joining = new FutureTask<>(() -> {
                while (!Files.exists(asked)) {
                    Thread.sleep(50);
                }
                Files.move(
                        EmptyAgent.write(another.resolve("other")), agent, StandardCopyOption.REPLACE_EXISTING);
                one.addWorker();
                return true;
            });
            Thread thread = new Thread(joining);
            thread.setDaemon(true);
            thread.start();
            Run ended = job(one, "-javaagent:" + agent)
                    .withAgent(RULE)
                    .withOptions("-Dspark.task.maxFailures=1")
                    .withArguments("joins=" + asked)
                    .run()
                    .failed();
            assertTrue(joining.isDone() && joining.get(), ended::toString);
            String said = ended.lowrankLines().stream()
                    .filter(line -> line.contains("An executor without lowrank4j was to train a part of a split"))
                    .collect(Collectors.joining("\n"));
            assertTrue(
                    said.contains("--conf \"spark.executor.extraJavaOptions=-javaagent:" + ForkedJvm.agentJar()),
                    ended::toString);
            assertEquals(1, said.lines().count(), ended::toString);
        }
    }

    @Test
    void executorsWithoutTheAgentStopStrictTraining() {
        Run stopped = job().withAgent(RULE + ",layers=type:DenseLayer,strict=true").run().failed();
        assertTrue(stopped.err().contains("without lowrank4j"), stopped::toString);
        assertTrue(stopped.err().contains("spark.executor.extraJavaOptions"), stopped::toString);
    }

    @Test
    void executorsWithAnotherReleaseTrainAsStock() throws IOException {
        Path other = OtherRelease.writeTo(folder.resolve("lowrank4j-later.jar"));
        Run stock = job().run().succeeded();
        Run asked = job("-javaagent:" + other).withAgent(RULE).run().succeeded();
        assertEquals(stock.result("java.parameters"), asked.result("java.parameters"));
        assertTrue(
                asked.err().contains("2 of 2 tasks met an executor with another version of lowrank4j"), asked::toString);
    }

    /** Then there are two plugins in an executor; the agent's is beside DL4J. */
    @Test
    void thePluginAmongTheJarsOfTheJobDoesNoHarm() {
        String plugin = ForkedJvm.classPath(ForkedJvm::isPlugin);
        Run run = job(AGENT)
                .withAgent(RULE)
                .withClassPath(ForkedJvm.classPath(entry -> true))
                .withOptions("-Dspark.jars=local:" + plugin)
                .run()
                .succeeded();
        assertLearnedAsOneMachine(run, "java");
        assertEquals(List.of(), run.lowrankLines().stream().filter(line -> line.contains("trains as stock")).toList());
    }
}
