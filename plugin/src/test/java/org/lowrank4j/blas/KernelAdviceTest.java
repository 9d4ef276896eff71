package org.lowrank4j.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelAdviceTest {

    private static @Nullable KernelAdvice advice(Kernel kernel, String version, String processor, boolean right)
            throws IOException {
        Processor found = Objects.requireNonNull(Processor.of(ProcessorTest.account(processor)));
        return KernelAdvice.of(kernel, version, found, null, right);
    }

    @ParameterizedTest
    @CsvSource({
        "PRESCOTT, 0.3.19, sandy-bridge, Sandybridge",
        "PRESCOTT, 0.3.19, haswell, Haswell",
        "SANDYBRIDGE, 0.3.19, zen3, Haswell",
        "NEHALEM, 0.3.19, zen5, Haswell",
        "ZEN, 0.3.20, zen5, SkylakeX",
        "HASWELL, 0.3.21, skylake-server, SkylakeX"
    })
    void namesTheBestKernelsThatTheProcessorCanRun(Kernel running, String version, String processor, String better)
            throws IOException {
        KernelAdvice advice = advice(running, version, processor, true);

        assertNotNull(advice);
        assertFalse(advice.wrong());
        assertTrue(advice.todo().startsWith("Set OPENBLAS_CORETYPE=" + better + " in the environment"), advice.todo());
        assertTrue(advice.todo().contains("\"Core: " + better + "\""), advice.todo());
        assertEquals("set OPENBLAS_CORETYPE=" + better, advice.brief());
    }

    @ParameterizedTest
    @CsvSource({
        "PRESCOTT, 0.3.19, nehalem",
        "SANDYBRIDGE, 0.3.19, sandy-bridge",
        "HASWELL, 0.3.21, haswell",
        "ZEN, 0.3.21, zen3",
        "HASWELL, 0.3.21, knights-landing",
        "HASWELL, 0.3.21, unequal",
        "HASWELL, 0.3.19, unequal",
        "SKYLAKEX, 0.3.19, zen5",
        "COOPERLAKE, 0.3.21, zen5",
        "SAPPHIRERAPIDS, 0.3.23, zen5"
    })
    void saysNothingWhereTheKernelsFit(Kernel running, String version, String processor) throws IOException {
        assertNull(advice(running, version, processor, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"zen5", "skylake-server"})
    void avx512KernelsBefore0320NeedANewerOpenBlasFirst(String processor) throws IOException {
        for (String version : List.of("0.3.19", "unknown")) {
            KernelAdvice advice = advice(Kernel.HASWELL, version, processor, true);

            assertNotNull(advice);
            assertFalse(advice.wrong());
            assertEquals(
                    "OpenBLAS " + version + " runs its Haswell kernels (AVX2), and this processor has AVX-512",
                    advice.found());
            assertEquals(
                    "First put org.bytedeco:openblas-platform:0.3.23-1.5.9 and org.bytedeco:javacpp-platform:1.5.9 before"
                            + " ND4J among the dependencies, for OpenBLAS's AVX-512 kernels are right from 0.3.20 on. Set"
                            + " OPENBLAS_CORETYPE=SkylakeX in the environment before the JVM starts; with"
                            + " OPENBLAS_VERBOSE=2, OpenBLAS then prints \"Core: SkylakeX\".",
                    advice.todo());
            assertEquals("a newer OpenBLAS uses that", advice.brief());
        }
    }

    @Test
    void saysThatResultsAreWrong() throws IOException {
        KernelAdvice advice = advice(Kernel.COOPERLAKE, "0.3.19", "zen5", false);

        assertNotNull(advice);
        assertTrue(advice.wrong());
        assertEquals(
                "OpenBLAS 0.3.19 runs its Cooperlake kernels (AVX-512), and they compute wrong products in double"
                        + " precision",
                advice.found());
        assertTrue(advice.todo().startsWith("Set OPENBLAS_CORETYPE=Haswell"), advice.todo());
        assertTrue(advice.todo().contains("Or replace OpenBLAS"), advice.todo());
        assertTrue(advice.todo().contains("openblas-platform:0.3.23-1.5.9"), advice.todo());
    }

    @Test
    void saysThatTheEnvironmentAsksForPoorKernels() throws IOException {
        Processor processor = Objects.requireNonNull(Processor.of(ProcessorTest.account("haswell")));

        KernelAdvice asked = KernelAdvice.of(Kernel.PRESCOTT, "0.3.19", processor, "PRESCOTT", true);
        KernelAdvice ignored = KernelAdvice.of(Kernel.PRESCOTT, "0.3.19", processor, "Nonsense", true);

        assertNotNull(asked);
        assertNotNull(ignored);
        assertTrue(asked.found().contains("(OPENBLAS_CORETYPE asks for them)"), asked.found());
        assertFalse(ignored.found().contains("asks"), ignored.found());
    }

    @ParameterizedTest
    @CsvSource({"0.3.19, false", "0.3.9, false", "unknown, false", "0.3.20, true", "0.4.0, true", "1.0.0, true"})
    void knowsWhichVersionsWereMended(String version, boolean right) {
        assertEquals(right, KernelAdvice.hasRightAvx512(version));
    }
}
