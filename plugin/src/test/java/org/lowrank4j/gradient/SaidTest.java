package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.RandomSubspace;
import org.nd4j.linalg.api.buffer.DataType;

/** What methods tell the user of a whole network: not while they are only measured. */
class SaidTest {

    private static long lines(Runnable speaking) {
        PrintStream console = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            speaking.run();
        } finally {
            System.setErr(console);
        }
        return said.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("lowrank4j"))
                .count();
    }

    private static void assertSpeaksInEarnestOnly(Consumer<Kept> method) {
        assertEquals(0, lines(() -> method.accept(Kept.measuring("the network", DataType.FLOAT))));
        assertEquals(1, lines(() -> method.accept(new Kept("the network", DataType.FLOAT))));
    }

    @Test
    void aWindowOfGradientsIsToldWhenItIsTaken() {
        Mfac mfac = new Mfac();
        OptionValues options = new OptionValues(mfac, Map.of("mfac.window", "3"));
        assertSpeaksInEarnestOnly(kept -> mfac.ofNetwork(10, DataType.FLOAT, options, kept));
    }

    @Test
    void aProjectionIsToldWhenItIsTaken() {
        RandomSubspace subspace = new RandomSubspace();
        OptionValues options = new OptionValues(subspace, Map.of("random-subspace.dimension", "2"));
        assertSpeaksInEarnestOnly(kept -> subspace.ofNetwork(new long[] {6, 4}, DataType.FLOAT, 1, options, kept));
    }
}
