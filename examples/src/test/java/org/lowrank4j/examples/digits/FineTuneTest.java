package org.lowrank4j.examples.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs themselves, without the agent: short trainings on drawn digits. */
class FineTuneTest {

    @TempDir
    static Path directory;

    private static Path base;

    @BeforeAll
    static void pretrain() throws Exception {
        base = directory.resolve("base.zip");
        Pretrain.main(new String[] {"--base=" + base, "--data=drawn", "--steps=60"});
    }

    private static RunResult fineTune(Path out, String trained) throws Exception {
        FineTune.main(new String[] {
            "--base=" + base, "--out=" + out, "--data=drawn", "--train=" + trained, "--steps=40", "--rate=3e-3"
        });
        return RunResult.read(out.resolve("result.properties"));
    }

    @Test
    void everyWeightTrainsAndTheNewDomainIsLearned() throws Exception {
        Path out = directory.resolve("full");
        RunResult result = fineTune(out, "all");
        assertEquals(669_706, result.trainable());
        // One gradient vector and the two moments of Adam, four bytes a number.
        assertEquals(3 * 4 * 669_706, result.trainingBytes());
        assertTrue(result.accuracy() > 0.6, result.toString());
        assertTrue(result.accuracy() > result.kept(), result.toString());
        assertTrue(result.msPerStep() > 0, result.toString());
        List<String> losses = Files.readAllLines(out.resolve("losses.csv"));
        assertEquals("step,loss,ms", losses.get(0));
        assertEquals(41, losses.size());
        assertNothingUnfinished(out);
    }

    @Test
    void aFrozenBodyStaysAsItWas() throws Exception {
        Path out = directory.resolve("head");
        RunResult result = fineTune(out, "output");
        assertEquals(512 * 10 + 10, result.trainable());
        MultiLayerNetwork before = ModelSerializer.restoreMultiLayerNetwork(base.toFile());
        MultiLayerNetwork after = ModelSerializer.restoreMultiLayerNetwork(
                out.resolve("model.zip").toFile());
        assertEquals(before.getLayer(0).params(), after.getLayer(0).params());
        assertEquals(before.getLayer(1).params(), after.getLayer(1).params());
        assertNotEquals(before.getLayer(2).params(), after.getLayer(2).params());
    }

    private static void assertNothingUnfinished(Path out) throws IOException {
        try (Stream<Path> files = Files.list(out)) {
            assertFalse(files.anyMatch(file -> file.toString().endsWith(".writing")));
        }
    }
}
