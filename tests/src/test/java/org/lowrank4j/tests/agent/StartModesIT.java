package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.AnnotatedJob;
import org.lowrank4j.tests.agent.program.LateAttachJob;
import org.lowrank4j.tests.agent.program.Training;

/** The ways to start the agent and to tell it what to do. */
class StartModesIT {

    @TempDir
    Path folder;

    @Test
    void anAnnotatedFieldIsEnough() {
        Run run = ForkedJvm.of(AnnotatedJob.class).withAgent("").run().succeeded();
        Run stock = ForkedJvm.of(AnnotatedJob.class).run().succeeded();

        assertEquals(stock.result("stock.parameters"), run.result("stock.parameters"));
        assertNotEquals(stock.result("adapted.parameters"), run.result("adapted.parameters"));
        assertEquals(
                1,
                run.err()
                        .lines()
                        .filter(line -> line.contains("trainable params:"))
                        .count(),
                run::toString);
    }

    @Test
    void propertyVariableAndArgumentMeanTheSame() {
        Run argument = ForkedJvm.of(Training.class).withAgent("rank=2").run().succeeded();
        Run property = ForkedJvm.of(Training.class)
                .withAgent("")
                .withOptions("-Dlowrank.rank=2")
                .run()
                .succeeded();
        Run variable = ForkedJvm.of(Training.class)
                .withAgent("")
                .withEnvironment("LOWRANK_RANK", "2")
                .run()
                .succeeded();

        assertEquals(argument.results(), property.results());
        assertEquals(argument.results(), variable.results());
    }

    @Test
    void aJarCanNameTheAgentInItsManifest() throws IOException {
        Run argument = ForkedJvm.of(Training.class).withAgent("rank=2").run().succeeded();
        Path jar = folder.resolve("training.jar");
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, Training.class.getName());
        attributes.putValue("Launcher-Agent-Class", "org.lowrank4j.agent.AgentMain");
        String path = ForkedJvm.classPath(entry -> !ForkedJvm.isPlugin(entry));
        attributes.put(
                Attributes.Name.CLASS_PATH,
                Stream.concat(
                                Stream.of(ForkedJvm.agentJar()),
                                Arrays.stream(path.split(File.pathSeparator)).map(Path::of))
                        .map(entry -> entry.toUri().toString())
                        .collect(Collectors.joining(" ")));
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();

        Run run =
                ForkedJvm.ofJar(jar).withEnvironment("LOWRANK_RANK", "2").run().succeeded();

        assertTrue(run.err().contains("trainable params:"), run::toString);
        assertEquals(argument.results(), run.results());
    }

    @Test
    void attachedLateItSeesTheNetworksFromThenOn() {
        Run early = ForkedJvm.of(Training.class).withAgent("rank=2").run().succeeded();
        Run stock = ForkedJvm.of(Training.class).run().succeeded();
        Run run = ForkedJvm.of(LateAttachJob.class)
                .withOptions(
                        "-Djdk.attach.allowAttachSelf=true",
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "-XX:+EnableDynamicAgentLoading")
                .withArguments(ForkedJvm.agentJar().toString(), "rank=2")
                .run()
                .succeeded();

        assertTrue(run.err().contains("attached late"), run::toString);
        assertEquals(stock.result("parameters"), run.result("early.parameters"));
        assertEquals(early.result("parameters"), run.result("late.parameters"));
    }
}
