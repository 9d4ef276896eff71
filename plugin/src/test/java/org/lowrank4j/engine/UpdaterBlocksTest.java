package org.lowrank4j.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;

class UpdaterBlocksTest {

    @Test
    void moreEntriesThanUpdatersCountAreRefusedWithTheirNumber() {
        assertEquals(Integer.MAX_VALUE, UpdaterBlocks.whole(Integer.MAX_VALUE));
        String refusal = assertThrows(LowRankException.class, () -> UpdaterBlocks.whole(1L << 31))
                .getMessage();
        assertTrue(refusal.contains("at most 2,147,483,647 entries"), refusal);
        assertTrue(refusal.contains("needs 2,147,483,648"), refusal);
    }
}
