package org.lowrank4j.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InvariantTest {

    private static final Map<String, Values> NAMES = Map.of(
            "A", new Values(new int[] {2, 3}, new double[] {1, 2, 3, 4, 5, 6}),
            "v", new Values(new int[] {3}, new double[] {1, 0, -1}),
            "i", new Values(new int[] {2}, new double[] {2, 0}),
            "r", Values.scalar(2));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1 + 2 * 3 == 7",
                "-r**2 == -4",
                "2**-1 == 0.5",
                "(1 + r) * 3 == 9",
                "7 // 2 - 1 == 2",
                "A @ v == [-2, -2]",
                "A.T @ A == A.T @ A[:, :]",
                "(A @ A.T)[0, 1] == 32",
                "A[1] == [4, 5, 6]",
                "A[:, 1] == [2, 5]",
                "A[:, i][0] == [3, 1]",
                "A[-1, :r] == [4, 5]",
                "v[::-1] == -v",
                "v + 1 == [2, 1, 0]",
                "A * v == A @ diag(v)",
                "norm([3, 4]) == 5",
                "norm(v != 0)**2 == r",
                "A.sum(0) == [5, 7, 9]",
                "mean(A) == 3.5",
                "rank(A) == 2",
                "trunc(A, 2) == A",
                "proj(A) == eye(2)",
                "inv(A @ A.T) @ A @ A.T == eye(r)",
                "sum(svdvals(A)**2) == norm(A)**2",
                "reshape(A, -1)[4] == 5",
                "cos(v, -v) == -1",
                "sum(softmax(v)) == 1",
                "1 == 1.0001 [tol 1e-3]",
                "maxabs(v) <= 1",
                "min(A) >= 1",
                "2 * ones((2, r + 1)) == A - A + 2",
                "sum(0.5 * ones(A.shape)) == 3",
                "zeros(4) == 0 * ones(4)",
                "conv2d(reshape(A, 1, 1, 2, 3), reshape(A, 1, 1, 2, 3), [9]) == 100",
                "conv2d(reshape(A, 1, 1, 2, 3), reshape(A, 1, 1, 2, 3), None, 1, 0) == 91",
                "conv2d(reshape(A, 1, 2, 1, 3), ones((r, 2, 1, 1)), [0, 1])[0, 1, 0] == [6, 8, 10]",
                "conv2d(reshape(A, 1, 1, 2, 3), ones((1, 1, 1, 1)), [0], [1, 2], [0, 1])[0, 0, 1] == [0, 5, 0]",
            })
    void holds(String text) {
        assertEquals(Optional.empty(), Invariant.check(text, NAMES));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1 == 1.0001",
                "A[0] == [1, 2, 4]",
                "maxabs(v) <= 0.5",
                "min(A) >= 2",
                "1e-300 == 0",
                "log(0 - 1) == 0"
            })
    void doesNotHold(String text) {
        assertTrue(Invariant.check(text, NAMES).isPresent());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "unknown == 1",
                "f(1) == 1",
                "1 == 1 1",
                "A @ A == A",
                "A + [1, 2] == A",
                "1 $ 2 == 3",
                "1 + == 1"
            })
    void cannotBeEvaluated(String text) {
        assertThrows(IllegalArgumentException.class, () -> Invariant.check(text, NAMES));
    }

    @Test
    void aSideOfZerosIsComparedAtTheScaleOfTheCase() {
        assertEquals(Optional.empty(), Invariant.check("1e-9 == 0", NAMES, NAMES, 1));
        assertTrue(Invariant.check("1e-7 == 0", NAMES, NAMES, 1).isPresent());
        assertTrue(Invariant.check("1e-9 == 2e-9", NAMES, NAMES, 1).isPresent());
    }

    @Test
    void whatTheFileHasAsZeroMayBeRoundingOnBothSides() {
        Map<String, Values> recorded = Map.of("a", Values.scalar(0), "b", Values.scalar(1e-13));
        Map<String, Values> computed = Map.of("a", Values.scalar(3e-10), "b", Values.scalar(1e-16));
        assertEquals(Optional.empty(), Invariant.check("a == b", computed, recorded, 1));
        assertTrue(Invariant.check("a == b", computed, computed, 1).isPresent());
        assertTrue(Invariant.check("a == b", Map.of("a", Values.scalar(1e-7), "b", Values.scalar(0)), recorded, 1)
                .isPresent());
    }

    @Test
    void freeSignsAreAligned() {
        Values expected = new Values(new int[] {2, 2}, new double[] {1, -2, 3, 4});
        Values columnNegated = new Values(new int[] {2, 2}, new double[] {-1, -2, -3, 4});
        Values rowNegated = new Values(new int[] {2, 2}, new double[] {-1, 2, 3, 4});
        String rule = "up-to-sign-per-column";
        assertEquals(0, Comparison.error(rule, expected, columnNegated, 1, false));
        assertEquals(0, Comparison.error(rule, expected, rowNegated, 1, true));
        assertTrue(Comparison.error(rule, expected, rowNegated, 1, false) > 0.1);
        assertTrue(Comparison.error("elementwise", expected, columnNegated, 1, false) > 0.1);
        assertThrows(AssertionError.class, () -> Comparison.error("unknown", expected, expected, 1, false));
    }

    @Test
    void whatIsNotANumberIsAnError() {
        Values expected = new Values(new int[] {2}, new double[] {1, 2});
        Values actual = new Values(new int[] {2}, new double[] {1, Double.NaN});
        assertEquals(Double.POSITIVE_INFINITY, Comparison.error("elementwise", expected, actual, 1, false));
    }
}
