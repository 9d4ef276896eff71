package org.lowrank4j.tests.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import digits.DigitBatches;
import digits.DigitSet;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

class DigitBatchesTest {

    /** 10 images; the first pixel of image i is i, its label is 9 - i. */
    private static DigitSet tenDigits() {
        byte[][] images = new byte[10][DigitSet.PIXELS];
        byte[] labels = new byte[10];
        for (int i = 0; i < 10; i++) {
            images[i][0] = (byte) i;
            labels[i] = (byte) (9 - i);
        }
        return new DigitSet(images, labels);
    }

    @Test
    void trainingBatchesAreFullAndAsManyAsAsked() {
        DigitBatches batches = DigitBatches.shuffled(tenDigits(), 4, 5, 1);
        int count = 0;
        Set<Integer> firstPass = new HashSet<>();
        while (batches.hasNext()) {
            DataSet batch = batches.next();
            assertArrayEquals(new long[] {4, 784}, batch.getFeatures().shape());
            assertArrayEquals(new long[] {4, 10}, batch.getLabels().shape());
            for (int row = 0; row < 4; row++) {
                int digit = Math.round(batch.getFeatures().getFloat(row, 0) * 255);
                assertEquals(1, batch.getLabels().getFloat(row, 9 - digit));
                assertEquals(1, batch.getLabels().getRow(row).sumNumber().intValue());
                // Two batches make up the first pass; no digit may come twice in it.
                assertTrue(count >= 2 || firstPass.add(digit), "digit " + digit + " came twice");
            }
            count++;
        }
        assertEquals(5, count);
    }

    @Test
    void resetBringsTheSameOrderAndASeedAnother() {
        DigitBatches batches = DigitBatches.shuffled(tenDigits(), 8, 2, 1);
        DataSet first = batches.next();
        batches.reset();
        assertEquals(first.getFeatures(), batches.next().getFeatures());
        assertFalse(first.getFeatures()
                .equals(DigitBatches.shuffled(tenDigits(), 8, 2, 2).next().getFeatures()));
    }

    @Test
    void evaluationSeesEveryDigitOnceInOrder() {
        DigitBatches batches = DigitBatches.once(tenDigits(), 4);
        int seen = 0;
        while (batches.hasNext()) {
            DataSet batch = batches.next();
            for (int row = 0; row < batch.numExamples(); row++) {
                assertEquals(seen++, Math.round(batch.getFeatures().getFloat(row, 0) * 255));
            }
        }
        assertEquals(10, seen);
    }
}
