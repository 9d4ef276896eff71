package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;

/** An update whose start is part of it. */
class OwnStartTest {

    @Test
    void factorsAreRefused() {
        LowRankUpdate method = new Vera();
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = method.attach(problem.target);
        assertFalse(method.hasFactors());
        LowRankException refused = assertThrows(LowRankException.class, () -> update.start(problem.factors()));
        assertTrue(refused.getMessage().contains("update=" + method.name()), refused.getMessage());
    }

    @Test
    void onlyTheWholeWeightIsTrainedItself() {
        assertTrue(new FullWeight().trainsWeight());
        assertFalse(new Lora().trainsWeight());
    }
}
