package org.lowrank4j.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What is declared once is saved, restored, measured and reported. */
class KeptTest {

    private static Kept declared(Kept kept) {
        INDArray wide = kept.work("wide", 'f', 3, 4);
        kept.saved("A", wide.get(NDArrayIndex.all(), NDArrayIndex.interval(2, 4)));
        kept.number("step", 7);
        kept.under("around").array("E", DataType.DOUBLE, 'c', 5);
        kept.reserve("heap", 100);
        return kept;
    }

    private static Kept declared() {
        return declared(new Kept("layer fc1", DataType.FLOAT));
    }

    @Test
    void theDeclarationsAreEverything() {
        Kept kept = declared();
        assertArrayEquals(
                new String[] {"A", "step", "around.E"}, kept.state().keySet().toArray());
        assertEquals(12 * 4 + 8 + 5 * 8 + 100, kept.bytes());
        assertEquals("wide 3x4, around.E 5, heap", kept.text());
        assertEquals(7, kept.state().get("step").getLong(0));
    }

    @Test
    void measuringTellsTheSameAndTakesNothing() {
        long large = 1L << 22;
        Kept kept = Kept.measuring("layer fc1", DataType.FLOAT);
        INDArray array = kept.array("A", 'f', large, large);
        kept.fill(() -> {
            throw new AssertionError("nothing is there to be filled");
        });
        assertArrayEquals(new long[] {large, large}, array.shape());
        assertEquals(large * large * 4, kept.bytes());
        assertEquals(1, array.data().length());
        assertEquals(
                declared().bytes(),
                declared(Kept.measuring("layer fc1", DataType.FLOAT)).bytes());
        assertEquals(
                declared().text(),
                declared(Kept.measuring("layer fc1", DataType.FLOAT)).text());
    }

    @Test
    void whatWasSavedComesBackAndWhatFollowsIsTold() {
        Kept kept = declared();
        Map<String, INDArray> saved = new HashMap<>();
        kept.state().forEach((name, array) -> saved.put(name, array.dup().assign(3)));
        saved.put("another layer/A", Nd4j.ones(1));
        boolean[] told = new boolean[1];
        kept.afterRestoring(() -> told[0] = kept.state().get("step").getLong(0) == 3);
        kept.restore(saved);
        assertTrue(told[0]);
        kept.state().forEach((name, array) -> assertEquals(3, array.meanNumber().doubleValue(), name));
    }

    @ParameterizedTest
    @CsvSource({
        "missing, has no array A; it has",
        "foreign, has an array P",
        "shape, is 3 x 3",
        "type, has the type LONG"
    })
    void aStateThatDoesNotFitChangesNothing(String how, String message) {
        Kept kept = declared();
        Map<String, INDArray> saved = new HashMap<>();
        kept.state().forEach((name, array) -> saved.put(name, array.dup().assign(3)));
        switch (how) {
            case "missing" -> saved.remove("A");
            case "foreign" -> saved.put("P", Nd4j.ones(2));
            case "shape" -> saved.put("A", Nd4j.ones(3, 3));
            default -> saved.put("A", Nd4j.create(DataType.LONG, 3, 2));
        }
        LowRankException refused = assertThrows(LowRankException.class, () -> kept.restore(saved));
        assertTrue(refused.getMessage().contains("layer fc1"), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
        assertEquals(7, kept.state().get("step").getLong(0));
        assertEquals(0, kept.state().get("around.E").sumNumber().doubleValue());
    }

    @Test
    void aNameIsGivenOnce() {
        Kept kept = declared();
        assertThrows(IllegalArgumentException.class, () -> kept.array("A", 'c', 1));
        assertEquals(8, kept.under("other").number("step", 8).get());
    }

    @Test
    void numbersCount() {
        KeptNumber number = declared().number("count", 0);
        assertEquals(1, number.increment());
        number.set(41);
        assertEquals(42, number.increment());
        assertEquals(42, number.get());
    }
}
