package org.lowrank4j.decomposition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SylvesterTest {

    @ParameterizedTest
    @CsvSource({"7, 4", "4, 9", "6, 6", "1, 5", "5, 1", "1, 1", "40, 30"})
    void theSolutionSolvesAndBothLibrariesAgree(int m, int n) {
        INDArray a = positive(m, 1);
        INDArray b = positive(n, 2);
        INDArray c = gaussian(m, n, 3);
        INDArray before = c.dup();
        INDArray x = Sylvester.solve(a, b, c, new OpenBlasLapack());
        assertTrue(largest(a.mmul(x).addi(x.mmul(b)).subi(c)) <= 1e-11, "the residual");
        assertTrue(largest(x.sub(Sylvester.solve(a, b, c, new Nd4jLapack()))) <= 1e-11);
        assertEquals(before, c);
    }

    @Test
    void aSolutionThatIsKnownComesBack() {
        INDArray a = gaussian(8, 8, 1);
        // Not definite, and with no eigenvalue that is the negative of one of B.
        a = a.add(a.transpose());
        INDArray b = positive(5, 2).addi(Nd4j.eye(5).muli(100));
        INDArray x = gaussian(8, 5, 3);
        INDArray c = a.mmul(x).addi(x.mmul(b));
        assertTrue(largest(Sylvester.solve(a, b, c).subi(x)) <= 1e-13);
        INDArray inFloat =
                Sylvester.solve(a.castTo(DataType.FLOAT), b.castTo(DataType.FLOAT), c.castTo(DataType.FLOAT));
        assertEquals(DataType.DOUBLE, inFloat.dataType());
        assertTrue(largest(inFloat.subi(x)) <= 1e-5);
    }

    @Test
    void thatOfDiagonalMatricesIsADivision() {
        INDArray x = Sylvester.solve(
                Nd4j.create(new double[][] {{3, 0}, {0, 1}}),
                Nd4j.create(new double[][] {{1}}),
                Nd4j.create(new double[][] {{8}, {8}}));
        assertEquals(Nd4j.create(new double[][] {{2}, {4}}), x);
    }

    @Test
    void oppositeEigenvaluesAreRefused() {
        INDArray a = positive(4, 1);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> Sylvester.solve(a, a.neg(), gaussian(4, 4, 2)));
        assertTrue(refused.getMessage().contains("no one solution"), refused.getMessage());
        // Two matrices without full rank share the eigenvalue 0, up to rounding.
        INDArray thin = gaussian(6, 2, 4);
        INDArray deficient = thin.mmul(thin.transpose());
        assertThrows(LowRankException.class, () -> Sylvester.solve(deficient, deficient, gaussian(6, 6, 2)));
        assertThrows(
                LowRankException.class,
                () -> Sylvester.solve(
                        Nd4j.zeros(DataType.DOUBLE, 2, 2), Nd4j.zeros(DataType.DOUBLE, 3, 3), gaussian(2, 3, 5)));
    }

    @Test
    void theSolutionOfLeastNormLeavesOutWhatNobodyCanSolve() {
        SymmetricEigen a = SymmetricEigen.of(Nd4j.create(new double[][] {{2, 0}, {0, 0}}));
        SymmetricEigen b = SymmetricEigen.of(Nd4j.create(new double[][] {{4, 0}, {0, 0}}));
        INDArray c = Nd4j.create(new double[][] {{6, 6}, {6, 6}});
        assertEquals(Nd4j.create(new double[][] {{1, 3}, {1.5, 0}}), Sylvester.leastNorm(a, b, c));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        INDArray a = positive(3, 1);
        INDArray b = positive(2, 2);
        LowRankException shape = assertThrows(LowRankException.class, () -> Sylvester.solve(a, b, gaussian(2, 3, 1)));
        assertTrue(shape.getMessage().contains("C is 3 x 2, and this one has the shape [2, 3]"), shape.getMessage());
        assertThrows(LowRankException.class, () -> Sylvester.solve(gaussian(3, 3, 1), b, gaussian(3, 2, 1)));
        INDArray c = gaussian(3, 2, 1).putScalar(0, 1, Double.NaN);
        assertThrows(LowRankException.class, () -> Sylvester.solve(a, b, c));
    }

    /** Symmetric, with eigenvalues of at least 1. */
    private static INDArray positive(int n, long seed) {
        INDArray g = gaussian(n, n, seed);
        return g.mmul(g.transpose()).addi(Nd4j.eye(n).castTo(DataType.DOUBLE));
    }

    private static double largest(INDArray array) {
        return array.normmaxNumber().doubleValue();
    }

    private static INDArray gaussian(int rows, int columns, long seed) {
        Random random = new Random(seed);
        double[] entries = new double[rows * columns];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = random.nextGaussian();
        }
        return Nd4j.create(entries, new long[] {rows, columns}, 'c');
    }
}
