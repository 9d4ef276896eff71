package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

/** The command line itself is tested where it is, and in JVMs that run the jar. */
class MainTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void saysWhatIsMissingWhereThereIsNoJarAround() {
        assertEquals(1, Main.run(new String[] {"--help"}, new PrintStream(out, true), new PrintStream(err, true)));

        assertEquals("", out.toString());
        assertTrue(err.toString().startsWith("lowrank4j: the agent's jar is not complete: "), err.toString());
    }

    /** As in a Java that jlink made of java.base alone. */
    @Test
    void saysWhichModuleJavaLacks() {
        assertTrue(Main.lacks(ModuleLayer.empty(), new PrintStream(err, true)));

        assertTrue(err.toString().contains("has no module java.instrument"), err.toString());
        assertTrue(err.toString().contains("jlink --add-modules java.instrument"), err.toString());
    }
}
