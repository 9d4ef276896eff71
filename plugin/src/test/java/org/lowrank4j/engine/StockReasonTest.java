package org.lowrank4j.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class StockReasonTest {

    @Test
    void onlyTheBackendOfTheCpuIsSupported() {
        assertNull(StockReason.backend(Nd4j.getBackend().getClass().getSimpleName()));
        assertEquals(
                "its arrays are those of the ND4J backend JCublasBackend, and only that of the CPU (nd4j-native) is"
                        + " supported",
                StockReason.backend("JCublasBackend"));
    }
}
