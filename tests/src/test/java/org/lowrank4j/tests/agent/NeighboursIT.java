package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import org.junit.jupiter.api.Test;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.ByteBuddyJob;
import org.lowrank4j.tests.agent.program.Training;

/** Beside other agents, and in applications with libraries that the agent has too. */
class NeighboursIT {

    private static final String JACOCO =
            "-javaagent:" + ForkedJvm.neighbour("org.jacoco.agent-runtime.jar") + "=output=none";

    @Test
    void beforeJacoco() {
        Run alone = ForkedJvm.of(Training.class).withAgent("rank=2").run().succeeded();
        Run beside = ForkedJvm.of(Training.class)
                .withAgent("rank=2")
                .withOptions(JACOCO)
                .run()
                .succeeded();

        assertTrue(beside.err().contains("trainable params:"), beside::toString);
        assertEquals(alone.results(), beside.results());
    }

    @Test
    void afterJacoco() {
        Run stock = ForkedJvm.of(Training.class).run().succeeded();
        Run beside = ForkedJvm.of(Training.class)
                .withOptions(JACOCO)
                .withAgent("")
                .run()
                .succeeded();

        assertTrue(beside.err().contains("adapts Deeplearning4j"), beside::toString);
        assertEquals(stock.results(), beside.results());
    }

    @Test
    void anApplicationKeepsItsOwnOlderByteBuddy() {
        String classPath = ForkedJvm.neighbour("byte-buddy.jar")
                + File.pathSeparator
                + ForkedJvm.classPath(entry -> !ForkedJvm.isPlugin(entry) && !entry.contains("byte-buddy"));
        Run alone = ForkedJvm.of(Training.class).withAgent("rank=2").run().succeeded();
        Run run = ForkedJvm.of(ByteBuddyJob.class)
                .withClassPath(classPath)
                .withAgent("rank=2")
                .run()
                .succeeded();

        assertEquals("made by the application", run.result("made"));
        assertEquals("byte-buddy.jar", run.result("library"));
        assertEquals(alone.result("parameters"), run.result("parameters"));
    }

    @Test
    void usesThePluginOnTheClassPathIfItIsOfItsVersion() {
        Run own = ForkedJvm.of(Training.class)
                .withAgent("rank=2,verbose=true")
                .run()
                .succeeded();
        Run shared = ForkedJvm.of(Training.class)
                .withClassPath(ForkedJvm.classPath(entry -> true))
                .withAgent("rank=2,verbose=true")
                .run()
                .succeeded();

        assertTrue(own.err().contains("hooks from the agent's jar"), own::toString);
        assertTrue(shared.err().contains("hooks from the lowrank4j-plugin on the class path"), shared::toString);
        assertEquals(own.results(), shared.results());
    }
}
