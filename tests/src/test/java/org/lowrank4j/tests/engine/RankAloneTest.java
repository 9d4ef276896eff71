package org.lowrank4j.tests.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Small programs of many kinds under {@code rank=4} and nothing else: none dies, each moves, and each says in one report or
 * one line what it does. {@link NetworksPageTest} has the whole zoo.
 */
class RankAloneTest {

    private static final int STEPS = 3;

    static Stream<String> examples() {
        return ExamplePrograms.all().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void anExampleProgramTrains(String name) {
        RankAlone.made(ExamplePrograms.all().get(name), STEPS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"LeNet", "SimpleCNN and a loss"})
    void aNetworkOfTheZooTrains(String name, @TempDir Path directory) throws IOException {
        RankAlone.made(ZooNetworks.all().get(name), 1);
        RankAlone.restored(ZooNetworks.all().get(name), 1, directory);
    }
}
