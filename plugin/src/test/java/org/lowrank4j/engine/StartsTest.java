package org.lowrank4j.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lowrank4j.initialisation.LoraGa;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** How many gradients are alive at a time. */
class StartsTest {

    private static PendingStart start(String layer, long inputs, long outputs, String batches) {
        INDArray weight = Nd4j.create(DataType.FLOAT, new long[] {inputs, outputs}, 'f');
        TargetWeight target = Given.target(layer, weight, 1, 1, 1, 1, Map.of("lora-ga.batches", batches));
        TargetUpdate update = new Lora().attach(target);
        AdaptedMatrix matrix =
                new AdaptedMatrix(layer, new StepState(), update, null, new INDArray[0], new ShownWeight(weight), null);
        return new PendingStart(new LoraGa(), matrix, target, Double.NaN, null);
    }

    private static String sweeps(PendingStart... starts) {
        return String.join(
                " | ",
                Starts.sweeps(List.of(starts)).stream()
                        .map(sweep -> String.join(
                                " ",
                                sweep.stream()
                                        .map(start -> start.target().layer())
                                        .toList()))
                        .toList());
    }

    @Test
    void theGradientsOfOneSweepAreNoLargerThanTheLargestOne() {
        assertEquals("a | b | c", sweeps(start("a", 8, 8, "1"), start("b", 8, 8, "1"), start("c", 8, 8, "1")));
        assertEquals(
                "small1 small2 | large | small3",
                sweeps(
                        start("small1", 4, 8, "1"),
                        start("small2", 4, 8, "1"),
                        start("large", 8, 8, "1"),
                        start("small3", 4, 8, "1")));
        PendingStart[] many = Stream.of(3, 9, 2, 5, 7, 1, 9, 4)
                .map(size -> start("layer" + size, size, 10, "1"))
                .toArray(PendingStart[]::new);
        for (List<PendingStart> sweep : Starts.sweeps(List.of(many))) {
            long size = sweep.stream()
                    .mapToLong(start -> start.target().weight().length())
                    .sum();
            assertTrue(size <= 90, () -> "a sweep sums " + size + " entries");
        }
    }

    @Test
    void whatWantsOtherMinibatchesSweepsAlone() {
        assertEquals(
                "a b | c | large",
                sweeps(start("a", 2, 2, "4"), start("b", 2, 2, "4"), start("c", 2, 2, "8"), start("large", 9, 9, "4")));
    }
}
