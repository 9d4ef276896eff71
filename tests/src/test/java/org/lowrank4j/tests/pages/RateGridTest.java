package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateGridTest {

    private final RateGrid grid = RateGrid.parse("1e-2, 1e-3,3e-3");

    @Test
    void ratesAreSortedAndShownAsWritten() {
        assertEquals(List.of(1e-3, 3e-3, 1e-2), grid.rates());
        assertEquals("1e-3, 3e-3, 1e-2", grid.toString());
        assertEquals("1.5e-3", RateGrid.shown(1.5e-3));
        assertEquals("1e0", RateGrid.shown(1));
        assertEquals(grid, RateGrid.parse(grid.toString()));
    }

    @Test
    void theLowestFiniteLossWins() {
        assertEquals(3e-3, grid.best(new double[] {0.5, 0.2, 0.3}));
        assertEquals(1e-3, grid.best(new double[] {0.2, 0.2, 0.3}));
        assertEquals(1e-2, grid.best(new double[] {Double.NaN, Double.POSITIVE_INFINITY, 7}));
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> grid.best(new double[] {Double.NaN, Double.NaN, Double.NaN}))
                .getMessage();
        assertTrue(message.contains("1e-3, 3e-3, 1e-2"), message);
    }

    @Test
    void theEndsAreEdgesUnlessThereIsOneRate() {
        assertTrue(grid.isEdge(1e-3));
        assertFalse(grid.isEdge(3e-3));
        assertTrue(grid.isEdge(1e-2));
        assertFalse(RateGrid.parse("3e-3").isEdge(3e-3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1e-3", "fast", "1e-3,,1e-2", "NaN", "11"})
    void otherTextsAreRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> RateGrid.parse(text));
    }
}
