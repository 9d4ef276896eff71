package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LokrTest {

    @ParameterizedTest
    @CsvSource({
        "8, 6, 4, no, first",
        "12, 10, 1, no, first",
        "16, 9, 1, yes, first",
        "16, 12, 1, yes, second",
        "7, 5, 2, no, second"
    })
    void trains(int inputs, int outputs, int rank, String both, String zero) {
        OwnUpdateChecks.assertTrains(new Lokr(), inputs, outputs, rank, Map.of("lokr.both", both, "lokr.zero", zero));
    }

    @Test
    void theFactorCutsTheSides() {
        Problem problem = new Problem(DataType.DOUBLE, 12, 8, 1, 1, Map.of("lokr.factor", "4"));
        TargetUpdate update = new Lokr().attach(problem.target);
        assertEquals(
                List.of("K1 4x4", "L2 3x1", "R2 1x2"),
                update.tensors().stream()
                        .map(tensor -> tensor.name() + " " + tensor.shape()[0] + "x" + tensor.shape()[1])
                        .toList());
    }

    /** Rows of a convolution are (channel, place): its channels are cut, and the places stay with K2. */
    @Test
    void ofAConvolutionTheChannelsAreCut() {
        INDArray weight = Nd4j.create(DataType.DOUBLE, new long[] {4 * 9, 6}, 'f');
        TargetWeight plain = Given.target("layer0", weight, 4, 4, 1, 1, Map.of());
        TargetWeight target = new TargetWeight(
                plain.layer(),
                weight,
                List.of(3L, 3L),
                plain.rank(),
                plain.alpha(),
                plain.scale(),
                plain.seed(),
                plain.options(),
                plain.shared(),
                plain.kept());
        TargetUpdate update = new Lokr().attach(target);
        assertEquals(2, update.tensors().get(0).shape()[0], "2 of 4 channels");
        assertEquals(18, update.tensors().get(1).shape()[0], "2 channels of 9 places");
    }

    @ParameterizedTest
    @CsvSource({"0", "-2", "x"})
    void otherFactorsAreRefused(String factor) {
        Problem problem = new Problem(DataType.DOUBLE, 12, 8, 1, 1, Map.of("lokr.factor", factor));
        String message = assertThrows(LowRankException.class, () -> new Lokr().attach(problem.target))
                .getMessage();
        assertTrue(message.contains("lokr.factor=" + factor + " is refused"), message);
    }
}
