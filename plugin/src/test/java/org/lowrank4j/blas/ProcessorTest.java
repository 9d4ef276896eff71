package org.lowrank4j.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcessorTest {

    /** What Linux says of a processor. */
    static String account(String name) throws IOException {
        try (InputStream stream = ProcessorTest.class.getResourceAsStream(name + ".txt")) {
            return new String(Objects.requireNonNull(stream, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "nehalem, SSE",
        "sandy-bridge, AVX",
        "haswell, AVX2",
        "zen3, AVX2",
        "zen5, AVX512",
        "skylake-server, AVX512",
        "knights-landing, AVX2",
        "unequal, AVX2"
    })
    void saysWhatAllItsProcessorsCanDo(String name, Instructions expected) throws IOException {
        assertEquals(
                expected, Objects.requireNonNull(Processor.of(account(name))).instructions());
    }

    @Test
    void knowsNothingOfOtherArchitectures() throws IOException {
        assertNull(Processor.of(account("arm")));
        assertNull(Processor.of(""));
    }
}
