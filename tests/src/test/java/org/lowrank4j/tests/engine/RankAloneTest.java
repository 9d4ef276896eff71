package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.tests.engine.ExamplePrograms.Program;

/**
 * Small programs of many kinds under {@code rank=4} and nothing else: none dies, each moves, and each says in one report or
 * one line what it does.
 */
class RankAloneTest {

    private static final int STEPS = 3;

    @LowRank(rank = 4)
    private static Model ruled(Program program) {
        return program.network().get();
    }

    static Stream<String> examples() {
        return ExamplePrograms.all().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void anExampleProgramTrains(String name) {
        Program program = ExamplePrograms.all().get(name);
        List<String> said = CapturedErrors.of(() -> {
            Model network = ruled(program);
            var before = network.params().dup();
            ExamplePrograms.train(network, program.data().get(), STEPS);
            Nets.assertMoved(before, network.params(), "the network");
        });
        int plans = CapturedErrors.containing(said, "trainable params").size();
        int reasons = CapturedErrors.containing(said, "trains as stock").size();
        assertEquals(1, plans + reasons, said::toString);
    }
}
