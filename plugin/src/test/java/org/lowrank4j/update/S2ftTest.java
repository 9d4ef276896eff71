package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class S2ftTest {

    private static final int RANK = 3;

    @ParameterizedTest
    @CsvSource({"rows, random", "columns, random", "rows, largest", "columns, smallest", "rows, 5", "columns, 0"})
    void onlyTheSliceMoves(String side, String units) {
        OwnUpdateChecks.Trained trained =
                OwnUpdateChecks.assertTrains(new S2ft(), 8, 7, RANK, Map.of("s2ft.side", side, "s2ft.units", units));
        Problem problem = new Problem(DataType.DOUBLE, 8, 7, RANK, 1, Map.of("s2ft.side", side, "s2ft.units", units));
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new S2ft().attach(problem.target);
        update.start();
        INDArray step = problem.views(update)[0].assign(1);
        update.step(new INDArray[] {step});
        INDArray change = problem.target.weight().sub(before);
        int[] moved = IntStream.range(0, side.equals("rows") ? 8 : 7)
                .filter(unit -> {
                    INDArray slice = side.equals("rows") ? change.getRow(unit) : change.getColumn(unit);
                    return slice.amaxNumber().doubleValue() != 0;
                })
                .toArray();
        assertArrayEquals(units(trained), moved);
        assertEquals(RANK, moved.length);
    }

    private static int[] units(OwnUpdateChecks.Trained trained) {
        return Arrays.stream(trained.value("units").toLongVector())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    @Test
    void layersThatShareHiddenUnitsChooseTheSame() {
        Problem first = new Problem(DataType.DOUBLE, 5, 12, RANK, 1, Map.of("s2ft.side", "columns"));
        Problem second = new Problem(DataType.DOUBLE, 12, 4, RANK, 1, Map.of());
        INDArray[] units = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            TargetUpdate update = new S2ft().attach((i == 0 ? first : second).target);
            update.start();
            units[i] = update.kept().state().get("units");
        }
        assertEquals(units[0], units[1]);
    }

    @Test
    void unitsOfTheLargestNorm() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 9, 2, 1, Map.of("s2ft.units", "largest"));
        problem.target.weight().getRow(7).muli(20);
        problem.target.weight().getRow(2).muli(20);
        problem.target.weight().getColumn(0).muli(1e-3);
        TargetUpdate update = new S2ft().attach(problem.target);
        update.start();
        assertArrayEquals(new long[] {2, 7}, update.kept().state().get("units").toLongVector());
    }

    @Test
    void unitsThatAreNotThereAreRefused() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 7, RANK, 1, Map.of("s2ft.units", "6"));
        String message = assertThrows(LowRankException.class, () -> new S2ft().attach(problem.target))
                .getMessage();
        assertTrue(message.contains("s2ft.units=6 is refused") && message.contains("Use at most 5"), message);
        Problem misspelt = new Problem(DataType.DOUBLE, 8, 7, RANK, 1, Map.of("s2ft.units", "all"));
        String other = assertThrows(LowRankException.class, () -> new S2ft().attach(misspelt.target))
                .getMessage();
        assertTrue(other.contains("random, largest, smallest"), other);
    }
}
