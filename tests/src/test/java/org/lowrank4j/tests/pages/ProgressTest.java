package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import digits.LossLog;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private String shown(boolean live) {
        Progress progress = new Progress(new PrintStream(bytes), live, 12);
        progress.begin("LoRA, seed 1");
        progress.line(String.format(Locale.ROOT, LossLog.LINE, 200, 800, 0.51234));
        progress.line("something else");
        progress.line(String.format(Locale.ROOT, LossLog.LINE, 400, 800, 0.25));
        progress.end("94.20 % of rotated digits");
        return bytes.toString();
    }

    @Test
    void aTerminalSeesOneLineRewritten() {
        String shown = shown(true);
        assertTrue(shown.contains(" 25 %   loss 0.5123"), shown);
        assertTrue(shown.contains(" 50 %   loss 0.2500") && shown.contains("s left"), shown);
        assertFalse(shown.contains("something else"), shown);
        assertEquals(1, shown.chars().filter(letter -> letter == '\n').count());
        assertEquals(4, shown.chars().filter(letter -> letter == '\r').count());
    }

    @Test
    void aPipeGetsOneLineAtTheEnd() {
        String shown = shown(false);
        assertEquals(1, shown.lines().count());
        assertTrue(shown.startsWith(" 1/12  LoRA, seed 1 "), shown);
        assertTrue(shown.contains("94.20 % of rotated digits in "), shown);
        assertFalse(shown.contains("\r"), shown);
    }
}
