package org.lowrank4j.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class OpenBlasTest {

    @Test
    void knowsItsVersion() {
        assertTrue(OpenBlas.present());
        assertTrue(OpenBlas.version().matches("\\d+\\.\\d+\\.\\d+"), OpenBlas.version());
    }

    /** Where the environment names kernels that there are, those are in use. */
    @Test
    void findsTheKernelsInUse() {
        String asked = System.getenv(KernelAdvice.VARIABLE);
        Kernel named = asked == null ? null : Kernel.named(asked);
        if (named != null && named != Kernel.COOPERLAKE) {
            assertEquals(named, OpenBlas.kernel());
        }
    }

    /** All numbers of the tests depend on it. */
    @Test
    void theseTestsRunOnRightKernels() {
        assertTrue(OpenBlas.doublesAreRight(), OpenBlas.kernel() + ": set OPENBLAS_CORETYPE=Haswell");
    }
}
