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
