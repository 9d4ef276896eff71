package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MachineTest {

    private static final List<String> INFO = List.of(
            "processor\t: 0",
            "model name\t: Some CPU @ 2.0GHz",
            "flags\t\t: fpu sse2 fma avx2 avx512f avx vme",
            "processor\t: 1",
            "model name\t: Other CPU",
            "flags\t\t: fpu");

    @Test
    void readsTheFirstProcessor() {
        assertEquals("Some CPU @ 2.0GHz", Machine.field(INFO, "model name"));
        assertEquals(List.of("avx", "avx2", "avx512f", "fma"), Machine.flags(INFO));
        assertEquals("unknown", Machine.field(List.of(), "model name"));
        assertEquals(List.of(), Machine.flags(List.of()));
        assertEquals(List.of("asimd", "sve"), Machine.flags(List.of("Features\t: fp asimd sve crc32")));
    }

    @Test
    void recordsOnlyWhatChoosesThreadsAndKernels() {
        assertEquals(
                Map.of("OMP_NUM_THREADS", "1", "OPENBLAS_CORETYPE", "Haswell"),
                Machine.variables(Map.of("OMP_NUM_THREADS", "1", "OPENBLAS_CORETYPE", "Haswell", "SECRET", "x")));
    }

    @Test
    void knowsItsLibraries() throws IOException {
        Machine machine = Machine.here();
        assertTrue(machine.versions().get("openblas").startsWith("openblas-"), machine::toString);
        assertTrue(machine.versions().get("dl4j").startsWith("deeplearning4j-nn-"), machine::toString);
        assertTrue(machine.processors() >= 1);
    }
}
