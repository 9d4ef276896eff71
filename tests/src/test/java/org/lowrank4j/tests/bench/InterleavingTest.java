package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InterleavingTest {

    private static final Workload TINY = new Workload("mln", 8, 4, 2, 2, "adam", "iterator");

    @Test
    void everyRoundStartsWithAnotherContestant() throws IOException {
        List<String> turns = new ArrayList<>();
        Map<String, List<Slice>> slices =
                Interleaving.run(List.of(scripted("a", turns), scripted("b", turns), scripted("c", turns)), 2, 0, 0);
        assertEquals(List.of("warm a", "warm b", "warm c", "a", "b", "c", "b", "c", "a"), turns);
        assertEquals(List.of("a", "b", "c"), List.copyOf(slices.keySet()));
        assertEquals(2, slices.get("b").size());
    }

    @Test
    void namesAreUnique() {
        List<Contestant> twins = List.of(scripted("a", new ArrayList<>()), scripted("a", new ArrayList<>()));
        assertThrows(IllegalArgumentException.class, () -> Interleaving.run(twins, 1, 0, 0));
    }

    @Test
    void childrenAnswerInTurn(@TempDir Path logs) throws IOException {
        try (WorkerArm stock = new WorkerArm("stock", "train", "", TINY, "256m", logs);
                WorkerArm floor = new WorkerArm("gemm", "gemm", "", TINY, "256m", logs)) {
            Map<String, List<Slice>> slices = Interleaving.run(List.of(stock, floor), 2, 0.1, 0.05);
            for (List<Slice> rounds : slices.values()) {
                assertEquals(2, rounds.size());
                for (Slice slice : rounds) {
                    assertTrue(
                            slice.steps() >= 3 && slice.cpu() > 0 && slice.wall() >= slice.fastestWall(),
                            slice::toString);
                }
            }
            assertTrue(
                    Slice.ratios(slices.get("stock"), slices.get("gemm"), Slice::cpu)
                                    .median()
                            > 1,
                    "a whole step takes longer than its products alone");
            IOException noAdapters = assertThrows(IOException.class, stock::requireAdapters);
            assertTrue(noAdapters.getMessage().contains("trained as stock"), noAdapters::getMessage);
        }
    }

    @Test
    void aChildThatFailsIsQuoted(@TempDir Path logs) {
        IOException failed =
                assertThrows(IOException.class, () -> new WorkerArm("broken", "no-such-task", "", TINY, "256m", logs));
        assertTrue(failed.getMessage().contains("unknown task: no-such-task"), failed::getMessage);
    }

    @Test
    void childrenHaveNoPluginButThatOfTheirAgent() {
        assertTrue(System.getProperty("java.class.path").contains("plugin"), "the tests themselves have it");
        assertEquals(
                System.getProperty("java.class.path").split(File.pathSeparator).length - 1,
                Child.classPath().split(File.pathSeparator).length);
    }

    private static Contestant scripted(String name, List<String> turns) {
        return new Contestant() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public void warmUp(double seconds) {
                turns.add("warm " + name);
            }

            @Override
            public Slice run(double seconds) {
                turns.add(name);
                return new Slice(1, 1, 1, 1, 1);
            }

            @Override
            public void close() {
                turns.add("close " + name);
            }
        };
    }
}
