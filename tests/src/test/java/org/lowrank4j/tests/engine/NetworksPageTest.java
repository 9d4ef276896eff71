package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.zoo.model.NASNet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.tests.engine.ExamplePrograms.Program;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The zoo's networks and small programs under {@code rank=4} and nothing else, random and restored from a file: none dies,
 * and a page tells what each does. It goes to {@code target/networks.md}, or where the property {@code networks.page} says.
 */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NetworksPageTest {

    private static final String PAGE = """
            # What `rank=4` alone does to many networks

            Written by `./mvnw -pl tests -am package -Pslow -Dtest=NetworksPageTest -Dnetworks.page=../src/site/markdown/networks.md`,
            which trains every network below under `rank=4` and nothing else. None stops, all loss is finite, each moves, and each
            prints one report or one line. Each that was restored is saved again: Deeplearning4j reopens it with equal outputs, and it
            goes on from the file as it does without.

            In a network that `init()` has just drawn everything but dense layers trains in full, and the report warns what adapting
            these costs. One that was restored from a file is what fine-tuning starts from: all layers with matrices are adapted but
            embeddings and depthwise convolutions, and what cannot be adapted is frozen. Normalisation trains here, because these networks were
            never trained; where it was, it is frozen. Layers without parameters are not counted; the share is that of the trained
            among all parameters, adapters included.

            ## Networks of deeplearning4j-zoo

            Made by `init()`, without published weights, for two classes (47 characters) and small images; one step with two
            examples. NASNet is missing: its `init()` stops by itself in 1.0.0-M2.1, where it asks for shapes before it has an input.
            SimpleCNN ends in a softmax, which Deeplearning4j cannot train: a loss layer was added.

            | network | parameters | just drawn | restored from a file |
            |---|---|---|---|
            %s

            ## Small programs

            Three steps each.

            | program | parameters | just drawn | restored from a file |
            |---|---|---|---|
            %s
            """;

    private final List<String> zoo = new ArrayList<>();
    private final List<String> examples = new ArrayList<>();

    static Stream<String> zoo() {
        return ZooNetworks.all().keySet().stream();
    }

    static Stream<String> examples() {
        return ExamplePrograms.all().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("zoo")
    void aNetworkOfTheZooTrains(String name, @TempDir Path directory) throws IOException {
        zoo.add(row(name, ZooNetworks.all(), 1, directory));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void anExampleProgramTrains(String name, @TempDir Path directory) throws IOException {
        examples.add(row(name, ExamplePrograms.all(), 3, directory));
    }

    @Test
    void nasNetStopsByItself() {
        NASNet published = NASNet.builder().numClasses(2).build();
        assertThrows(IllegalArgumentException.class, published::init);
    }

    @AfterEach
    void freeMemory() {
        Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
        System.gc();
    }

    @AfterAll
    void writePage() throws IOException {
        Path page = Path.of(System.getProperty("networks.page", "target/networks.md"));
        Files.writeString(page, PAGE.formatted(String.join("\n", zoo), String.join("\n", examples)));
    }

    private static String row(String name, Map<String, Program> programs, int steps, Path directory)
            throws IOException {
        RankAlone made = RankAlone.made(programs.get(name), steps);
        RankAlone restored = RankAlone.restored(programs.get(name), steps, directory);
        String then = restored.equals(made) ? "the same" : restored.does();
        return String.format(Locale.ROOT, "| %s | %,d | %s | %s |", name, made.parameters(), made.does(), then);
    }
}
