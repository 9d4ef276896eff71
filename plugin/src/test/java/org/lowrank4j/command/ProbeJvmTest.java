package org.lowrank4j.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lowrank4j.blas.Kernel;
import org.lowrank4j.command.DoctorVerb.Check;
import org.lowrank4j.command.DoctorVerb.Outcome;
import org.lowrank4j.command.ProbeJvm.Tried;

class ProbeJvmTest {

    private static final Tried ZEN = new Tried(Kernel.ZEN, 2.4, true);

    @Test
    void theFastestRightKernelsAreAdvised() {
        Check check = ProbeJvm.comparison(
                List.of(ZEN, new Tried(Kernel.HASWELL, 1.9, true), new Tried(Kernel.SKYLAKEX, 1.1, false)));

        assertEquals(Outcome.ADVICE, check.outcome());
        assertTrue(
                check.found()
                        .endsWith("take by Zen 2.40 ms, Haswell 1.90 ms, SkylakeX 1.10 ms (wrong in double precision)"),
                check.found());
        assertTrue(
                String.valueOf(check.advice()).startsWith("Set OPENBLAS_CORETYPE=Haswell "),
                String.valueOf(check.advice()));
    }

    @Test
    void aTenthIsNotWorthAVariable() {
        Check check = ProbeJvm.comparison(List.of(ZEN, new Tried(Kernel.HASWELL, 2.2, true)));

        assertEquals(Outcome.FINE, check.outcome());
        assertNull(check.advice());
    }

    @Test
    void wrongKernelsAloneAreAdvisedForNothing() {
        assertNull(ProbeJvm.comparison(List.of(new Tried(Kernel.COOPERLAKE, 1, false)))
                .advice());
    }
}
