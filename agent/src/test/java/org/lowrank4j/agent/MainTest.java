package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @ParameterizedTest
    @ValueSource(strings = {"", "--help"})
    void printsHowItIsUsed(String argument) {
        assertEquals(0, argument.isEmpty() ? run() : run(argument));
        assertTrue(out.toString().contains("java -javaagent:lowrank4j-agent.jar"));
        assertEquals("", err.toString());
    }

    @Test
    void printsItsVersion() {
        assertEquals(0, run("--version"));
        assertEquals("lowrank4j agent unpackaged" + System.lineSeparator(), out.toString());
    }

    @Test
    void refusesOtherArguments() {
        assertEquals(2, run("--rank=8"));
        assertEquals(2, run("--version", "--help"));
        assertEquals(2, run("--check"));
        assertEquals("", out.toString());
        assertTrue(err.toString().startsWith("lowrank4j: unknown argument '--rank=8'"), err.toString());
    }

    private int run(String... arguments) {
        return Main.run(arguments, new PrintStream(out, true), new PrintStream(err, true));
    }
}
