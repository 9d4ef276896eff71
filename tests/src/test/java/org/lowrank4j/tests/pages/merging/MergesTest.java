package org.lowrank4j.tests.pages.merging;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class MergesTest {

    @Test
    void ranksOfTheSameStorage() {
        // 16 + p (16 + 8) numbers per position for eight tasks of rank 16: 5, 8, 11, 14 per task, then more than 16.
        assertEquals(List.of(1, 2, 5, 8, 11, 14), List.copyOf(Merges.ranks(16, 8)));
        assertEquals(List.of(1, 2, 3), List.copyOf(Merges.ranks(4, 3)));
        assertEquals(List.of(1), List.copyOf(Merges.ranks(2, 2)));
    }
}
