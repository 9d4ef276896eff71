package org.lowrank4j.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.convolution.OneDnnHere;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class OneDnnTest {

    @AfterEach
    void useIt() {
        OneDnn.leaveAlone(false);
    }

    /** With whole numbers no order of the sums shows. */
    private static INDArray wholeNumbers(char order, long rows, long columns) {
        INDArray numbers = Nd4j.create(DataType.FLOAT, new long[] {rows, columns}, order);
        for (long i = 0; i < numbers.length(); i++) {
            numbers.putScalar(i, i * 7 % 13 - 6);
        }
        return numbers;
    }

    private static INDArray product(INDArray a, INDArray b, boolean transposeA, boolean transposeB) {
        INDArray c = wholeNumbers('f', a.size(transposeA ? 1 : 0), b.size(transposeB ? 0 : 1));
        Blas.gemm(a, b, c, transposeA, transposeB, 2, -1);
        return c;
    }

    @ParameterizedTest
    @CsvSource({
        "32, 64, 48, false, false, true",
        "32, 64, 48, false, true, true",
        "32, 64, 48, true, false, true",
        "32, 64, 48, true, true, true",
        "1, 64, 480, true, true, true",
        "32, 8, 480, true, false, true",
        "32, 8, 480, true, true, false",
        "32, 64, 480, true, false, false",
        "8, 64, 48, false, false, false",
        "16, 4, 4, false, false, false",
    })
    void aProductOfEitherLibraryIsTheSame(
            int rows, int columns, int inner, boolean transposeA, boolean transposeB, boolean faster) {
        assertEquals(faster, OneDnn.isFaster(rows, columns, inner, transposeA, transposeB));
        assumeTrue(OneDnnHere.isExpected());
        INDArray a = wholeNumbers('f', transposeA ? inner : rows, transposeA ? rows : inner);
        INDArray b = wholeNumbers('f', transposeB ? columns : inner, transposeB ? inner : columns);
        assertTrue(OneDnn.usable());
        INDArray here = product(a, b, transposeA, transposeB);
        OneDnn.leaveAlone(true);
        assertFalse(OneDnn.usable());
        assertEquals(product(a, b, transposeA, transposeB), here);
    }

    @Test
    void threadsDoNotDisturbOneAnother() throws Exception {
        assumeTrue(OneDnnHere.isExpected());
        INDArray a = wholeNumbers('f', 48, 200);
        INDArray b = wholeNumbers('f', 200, 96);
        INDArray expected = product(a, b, false, false);
        try (Pool pool = new Pool(4)) {
            List<Future<INDArray>> products = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                products.add(pool.threads.submit(() -> product(a, b, false, false)));
            }
            for (Future<INDArray> product : products) {
                assertEquals(expected, product.get());
            }
        }
    }

    private static final class Pool implements AutoCloseable {
        private final ExecutorService threads;

        Pool(int size) {
            threads = Executors.newFixedThreadPool(size);
        }

        @Override
        public void close() {
            threads.shutdownNow();
        }
    }
}
