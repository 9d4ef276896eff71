package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.ForeignStoreJob;
import org.lowrank4j.tests.agent.program.Hello;
import org.lowrank4j.tests.agent.program.Training;

class AgentStartTest {

    @TempDir
    Path folder;

    @Test
    void withoutDeeplearning4jItIsSilentAndLoadsNoLibrary() throws IOException {
        Path log = folder.resolve("classes.txt");
        Run stock = ForkedJvm.of(Hello.class).run().succeeded();
        Run run = ForkedJvm.of(Hello.class)
                .withAgent("verbose=true,rank=8")
                .withOptions("-Xlog:class+load:file=" + log)
                .run()
                .succeeded();

        assertEquals(stock.out(), run.out());
        assertEquals("", run.err());
        String classes = Files.readString(log);
        assertTrue(classes.contains("org.lowrank4j.agent.TargetGate "));
        assertFalse(classes.contains("org.lowrank4j.agent.shaded"));
        assertFalse(classes.contains("org.lowrank4j.agent.weave"));
        assertFalse(classes.contains("net.bytebuddy"));
        assertFalse(classes.contains("org.lowrank4j.command"));
        assertFalse(classes.contains("org.lowrank4j.agent.Main "));
        assertFalse(classes.contains("picocli"));
    }

    @Test
    void withoutARuleTrainingIsTheSameToTheLastBit() {
        Run stock = ForkedJvm.of(Training.class).run().succeeded();
        Run run = ForkedJvm.of(Training.class).withAgent("").run().succeeded();

        assertEquals(stock.results(), run.results());
        assertEquals(
                List.of(),
                run.lowrankLines().stream()
                        .filter(line -> line.contains("WARNING"))
                        .toList());
        assertEquals(1, run.lowrankLines().size(), run::toString);
        assertTrue(run.lowrankLines().get(0).contains("adapts Deeplearning4j 1.0.0-M2.1"), run::toString);
        assertEquals(stock.jvmWarnings(), run.jvmWarnings());
    }

    @Test
    void anOptionOnTheCommandLineIsEnoughToAdapt() {
        Run run = ForkedJvm.of(Training.class).withAgent("rank=2").run().succeeded();

        assertTrue(run.err().contains("trainable params:"), run::toString);
    }

    /** A nested class that stores in the class around it is seen; the other way round, and the end of the run, tell why. */
    @Test
    void anAnnotatedFieldThatAnotherClassStoresToIsNotSilent() {
        Run run = ForkedJvm.of(ForeignStoreJob.class).withAgent("").run().succeeded();

        List<String> warnings = run.lowrankLines().stream()
                .filter(line -> line.contains("WARNING"))
                .toList();
        String ofState = "field " + ForeignStoreJob.class.getName() + "$State.ofState";
        String ofJob = "field " + ForeignStoreJob.class.getName() + ".ofJob";
        assertEquals(2, warnings.size(), run::toString);
        // The class that stores in the second field is not loaded yet.
        assertTrue(warnings.get(0).contains("no network was seen in " + ofState + ", " + ofJob + ":"), run::toString);
        assertTrue(warnings.get(1).contains("no network came to the annotation on " + ofState + "."), run::toString);
        assertEquals(1, run.err().split("trainable params:", -1).length - 1, run::toString);
        assertTrue(run.err().contains("by annotation on " + ofJob), run::toString);

        Run strict = ForkedJvm.of(ForeignStoreJob.class)
                .withAgent("strict=true")
                .run()
                .failed();
        assertTrue(strict.err().contains("strict=true stops on what would be a warning"), strict::toString);
    }

    @Test
    void isAProgramThatSaysHowItIsUsed() {
        Run usage = ForkedJvm.ofJar(ForkedJvm.agentJar()).run().succeeded();
        assertTrue(usage.out().contains("java -javaagent:lowrank4j-agent.jar"), usage::toString);
        assertEquals("", usage.err());

        Run version = ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withArguments("--version")
                .run()
                .succeeded();
        assertTrue(version.out().matches("lowrank4j agent \\d+\\.\\d+.*\\R"), version::toString);

        Run unknown = ForkedJvm.ofJar(ForkedJvm.agentJar())
                .withArguments("--nonsense")
                .run();
        assertEquals(2, unknown.status());
        assertTrue(unknown.err().contains("unknown option '--nonsense'"), unknown::toString);
    }
}
