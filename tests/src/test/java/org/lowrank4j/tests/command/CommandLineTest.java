package org.lowrank4j.tests.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.command.program.GoOnTraining;
import org.lowrank4j.tests.command.program.ModelFiles;
import org.lowrank4j.tests.command.program.TrainInFull;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** Each verb once in a JVM of its own, on models that an adapted training wrote. */
class CommandLineTest {

    @TempDir
    static Path folder;

    @BeforeAll
    static void trainModels() throws IOException {
        ForkedJvm.of(ModelFiles.class)
                .withAgent("rank=2,layers=dense1:dense2")
                .withArguments(folder.toString())
                .run()
                .succeeded();
        Files.createDirectories(folder.resolve("target"));
        Files.writeString(
                folder.resolve("target/classpath"),
                ForkedJvm.classPath(entry -> !ForkedJvm.isPlugin(entry) && entry.endsWith(".jar")));
    }

    private static Run run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--project");
        all.add(folder.toString());
        return ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withArguments(all.toArray(new String[0]))
                .run();
    }

    private static String file(String name) {
        return folder.resolve(name).toString();
    }

    private static Run fine(String... arguments) {
        return run(arguments).succeeded();
    }

    @Test
    void aTrainedZipBecomesAnAdapterThatMergesToTheSameModel() throws IOException {
        Run converted = fine("convert", file("tuned.zip"), "--base", file("base.zip"), "-o", file("tuned"));
        assertTrue(converted.out().contains("adapter of 2 layers: 160 numbers in factors"), converted::toString);
        assertTrue(converted.err().contains("lowrank4j: reading "), converted::toString);

        Run inspected = fine("inspect", file("tuned"), "--base", file("base.zip"));
        assertTrue(inspected.out().contains("dense1  24x20  FLOAT     2  8.000  4.000"), inspected::toString);
        assertTrue(inspected.out().contains("all 2 hashes agree"), inspected::toString);

        Run merged = fine("merge", file("base.zip"), file("tuned"), "-o", file("merged.zip"));
        assertTrue(merged.out().contains("868 of 904 parameters changed"), merged::toString);

        Run difference = run("diff", file("merged.zip"), file("tuned.zip"), "--json", "--quiet");
        JsonNode differing = new ObjectMapper().readTree(difference.out()).path("differing");
        assertTrue(differing.size() <= 2, difference::toString);
        differing.forEach(one -> assertTrue(one.path("relative").asDouble(1) < 1e-6, difference::toString));
        assertEquals(List.of(), difference.lowrankLines(), difference::toString);

        Run verified = run("verify", file("tuned"), "--base", file("other.zip"));
        assertEquals(1, verified.status(), verified::toString);
        assertTrue(verified.out().contains("W of layer dense1 has other values"), verified::toString);
    }

    @Test
    void trainingGoesOnFromAConvertedAdapter() {
        fine("convert", file("second.zip"), "--base", file("base.zip"), "-o", file("second"));
        Run converted = fine("convert", file("second"), "--base", file("base.zip"), "-o", file("again.zip"));
        String sentence = "training goes on under a rule of the same settings: ";
        String rule = converted
                .out()
                .lines()
                .filter(line -> line.startsWith(sentence))
                .map(line -> line.substring(sentence.length()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(converted.toString()));
        Run training = ForkedJvm.of(GoOnTraining.class)
                .withAgent(rule)
                .withArguments(file("again.zip"))
                .run()
                .succeeded();
        assertTrue(training.err().contains("trainable params: 228 "), training::toString);
        // Neither a warning that the state does not fit, nor new adapters.
        assertFalse(training.err().contains("WARNING"), training::toString);
        assertFalse(training.err().contains("adapters started"), training::toString);
        training.result("score");
    }

    @Test
    void whatIsCompressedOpensAndTrainsWithoutTheLibraryAndTakesAdapters() {
        Run compressed = fine("compress", file("base.zip"), "--rank", "5", "-o", file("small.zip"));
        assertTrue(compressed.out().contains("inference of 32 examples here"), compressed::toString);
        ForkedJvm.of(GoOnTraining.class)
                .withClassPath(ForkedJvm.classPath(entry -> !ForkedJvm.isPlugin(entry)))
                .withArguments(file("small.zip"))
                .run()
                .succeeded()
                .result("score");
        Run adapted = ForkedJvm.of(GoOnTraining.class)
                .withAgent("rank=4")
                .withArguments(file("small.zip"))
                .run()
                .succeeded();
        assertTrue(adapted.err().contains("dense1-lowrank"), adapted::toString);
        adapted.result("score");
    }

    @Test
    void extractsAndCombines() {
        fine("extract", file("base.zip"), file("full.zip"), "--rank", "3", "-o", file("a"));
        fine("extract", file("base.zip"), file("full.zip"), "--energy", "0.9", "-o", file("b"));
        Run combined = fine(
                "combine", file("a"), file("b"), "--weights", "0.5,0.5", "--without-parameters", "-o", file("sum"));
        assertTrue(combined.out().contains("combination of 2 adapters"), combined::toString);
    }

    @Test
    void plansWithoutTraining() {
        Run planned = fine("plan", file("base.zip"), "rank=4", "layers=dense1:dense2");
        assertTrue(planned.out().contains("trainable params: 388 || all params: 1,224"), planned::toString);
    }

    /** With a logger there may be lines on the standard error, as the user set it up; without one there is nothing to say. */
    @Test
    void aClassPathWithoutALoggerIsNoReasonToComplain() {
        String logging = ForkedJvm.classPath(entry -> !ForkedJvm.isPlugin(entry) && entry.endsWith(".jar"));
        assertTrue(logging.contains("slf4j-simple"), logging);
        Run silent = inspectWith(ForkedJvm.classPath(
                entry -> !ForkedJvm.isPlugin(entry) && entry.endsWith(".jar") && !entry.contains("slf4j-simple")));
        assertTrue(silent.err().lines().allMatch(line -> line.startsWith("lowrank4j: ")), silent::toString);
        Run logged = inspectWith(logging);
        assertTrue(logged.err().contains("Starting MultiLayerNetwork"), logged::toString);
    }

    private static Run inspectWith(String classPath) {
        return ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withOptions("-Dorg.slf4j.simpleLogger.defaultLogLevel=info")
                .withArguments("inspect", file("base.zip"), "--classpath", classPath)
                .run()
                .succeeded();
    }

    @Test
    void theDoctorLooksAtJdkHooksBackendKernelAndThreads() {
        Run healthy = fine("doctor");
        for (String check : List.of("JDK", "Deeplearning4j", "ND4J", "BLAS kernel", "BLAS speed", "threads")) {
            assertTrue(healthy.out().matches("(?s).*(fine|advice) +" + check + " .*"), healthy::toString);
        }
        assertTrue(healthy.out().contains("adapts Deeplearning4j 1.0.0-M2.1"), healthy::toString);
        assertTrue(healthy.out().contains("CpuBackend"), healthy::toString);
    }

    @Test
    void theDoctorTellsWhatIsMissing() {
        String release = ForkedJvm.classPath(entry -> entry.contains("deeplearning4j-nn"));
        Run noBackend = ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withArguments("doctor", "--classpath", release)
                .run()
                .failed();
        assertTrue(noBackend.out().contains("adapts Deeplearning4j 1.0.0-M2.1"), noBackend::toString);
        assertTrue(noBackend.out().contains("problem  ND4J"), noBackend::toString);
        assertTrue(noBackend.out().contains("nd4j-native-platform"), noBackend::toString);

        String noNatives = Arrays.stream(
                        ForkedJvm.classPath(entry -> entry.endsWith(".jar")).split(File.pathSeparator))
                .filter(entry -> !entry.matches(".*-(linux|macosx|windows)-[a-z0-9_]+\\.jar"))
                .reduce((left, right) -> left + File.pathSeparator + right)
                .orElseThrow();
        Run without = ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withArguments("doctor", "--classpath", noNatives)
                .run()
                .failed();
        assertTrue(without.out().contains("problem  ND4J            does not run"), without::toString);
    }

    /** The losses are those of the job at that rate: a higher one falls further until it is too high. */
    @Test
    void tuneFindsARateOfAJob() throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("tune", "--rates", "1e-6,1e-2,1e6", "--steps", "40", "-o", file("rates.tsv"), "--"));
        arguments.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-javaagent:" + ForkedJvm.agentJar() + "=rank=2,layers=dense1:dense2",
                "-cp",
                ForkedJvm.classPath(entry -> !ForkedJvm.isPlugin(entry)),
                TrainInFull.class.getName(),
                file("base.zip")));
        Run tuned = ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withArguments(arguments.toArray(new String[0]))
                .run()
                .succeeded();
        assertTrue(tuned.out().contains("best: rate=0.01"), tuned::toString);
        List<String> table = Files.readAllLines(folder.resolve("rates.tsv"));
        // The middle rate first, then with both neighbours, then the best two in full.
        assertEquals(2 + 1 + 3 + 2, table.size(), table::toString);
        assertTrue(Files.size(folder.resolve("rates.tsv.svg")) > 500, "a picture");
    }

    @Test
    void withoutDeeplearning4jItSaysWhatItSearched() throws IOException {
        Path empty = Files.createDirectories(folder.resolve("empty"));
        Run run = ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withArguments("inspect", file("base.zip"), "--classpath", empty.toString())
                .run();

        assertEquals(2, run.status(), run::toString);
        assertEquals("", run.out());
        assertTrue(run.err().contains("Deeplearning4j was not found. Searched: " + empty), run::toString);
    }

    @Test
    void aWrongOptionNeedsNoDeeplearning4j() {
        Run run = ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withArguments("extract", "a", "b", "--energie", "0.9")
                .run();

        assertEquals(2, run.status(), run::toString);
        assertTrue(run.err().contains("Did you mean '--energy'?"), run::toString);
    }

    /** As where jlink made a Java of few modules. */
    @Test
    void saysWhichModuleIsMissing() {
        Run bare = ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withOptions("--limit-modules", "java.base")
                .withArguments("doctor")
                .run();

        assertEquals(1, bare.status(), bare::toString);
        assertEquals(1, bare.err().lines().count(), bare::toString);
        assertTrue(bare.err().contains("has no module java.instrument"), bare::toString);
    }
}
