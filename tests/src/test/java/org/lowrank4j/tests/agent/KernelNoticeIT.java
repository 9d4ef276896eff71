package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.Training;

/** What is said of OpenBLAS's kernels. Those that this processor cannot run are left out. */
class KernelNoticeIT {

    private static Run run(String kernel, String agentArguments) throws IOException {
        return ForkedJvm.of(Training.class)
                .withEnvironment("OPENBLAS_CORETYPE", kernel)
                .withAgent(agentArguments)
                .run();
    }

    private static void assumeProcessorHas(String feature) throws IOException {
        assumeTrue(processorHas(feature));
    }

    private static boolean processorHas(String feature) throws IOException {
        Path account = Path.of("/proc/cpuinfo");
        return Files.isReadable(account) && Files.readString(account).contains(" " + feature + " ");
    }

    private static long lines(Run run) {
        return run.lowrankLines().stream()
                .filter(line -> line.contains("OpenBLAS"))
                .count();
    }

    @Test
    void poorKernelsAreSaidOnceWithWhatToSet() throws IOException {
        assumeProcessorHas("avx2");
        Run run = run("Prescott", "rank=2").succeeded();

        assertEquals(1, lines(run), run::toString);
        assertTrue(
                run.err()
                        .contains(
                                "runs its Prescott kernels (OPENBLAS_CORETYPE asks for them), and this processor has"),
                run::toString);
        assertTrue(run.err().contains(": set OPENBLAS_CORETYPE=Haswell (the verb doctor says how)."), run::toString);
    }

    @Test
    void goodKernelsAreNotMentioned() throws IOException {
        assumeProcessorHas("avx2");
        assumeTrue(!processorHas("avx512bw"));
        assertEquals(0, lines(run("Haswell", "rank=2").succeeded()));
    }

    @Test
    void aNewerOpenBlasIsNamedWhereItsKernelsAreWrongHere() throws IOException {
        assumeProcessorHas("avx512bw");
        Run run = run("Haswell", "rank=2").succeeded();

        assertEquals(1, lines(run), run::toString);
        assertTrue(
                run.err().contains("and this processor has AVX-512: a newer OpenBLAS uses that (the verb doctor"),
                run::toString);
    }

    @Test
    void nothingIsSaidToAJobWithoutARule() throws IOException {
        assumeProcessorHas("avx2");
        assertEquals(0, lines(run("Prescott", "").succeeded()));
    }

    @Test
    void wrongKernelsAreWarnedOfAndDecomposeNothing() throws IOException {
        assumeProcessorHas("avx512bw");
        Run trains = run("SkylakeX", "rank=2").succeeded();
        assertTrue(trains.err().contains("WARNING: OpenBLAS 0.3.19 runs its SkylakeX kernels"), trains::toString);
        assertTrue(trains.err().contains("compute wrong products in double precision"), trains::toString);

        Run decomposes = run("SkylakeX", "rank=2,alpha=2,init=pissa").failed();
        assertTrue(decomposes.err().contains("Weights cannot be decomposed here"), decomposes::toString);
        assertTrue(decomposes.err().contains("Set OPENBLAS_CORETYPE=Haswell"), decomposes::toString);
    }
}
