package org.lowrank4j.examples.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ArgumentsTest {

    private static Arguments parse(String... arguments) {
        return new Arguments("Example", "Shows options.")
                .option("steps", "N", "800", "how many steps")
                .option("seeds", "N", "3", "how many seeds")
                .option("shift", "DOMAIN", "rotated", "the new domain")
                .option("arms", "LIST", "full,head", "what to compare")
                .option("rate", "RATE", "", "learning rate")
                .parse(arguments);
    }

    @Test
    void readsBothFormsAndDefaults() {
        Arguments arguments = parse("--steps", "20", "--rate=1e-4");
        assertEquals(20, arguments.integer("steps", 1, 100));
        assertEquals(1e-4, arguments.positive("rate", 1));
        assertEquals(3, arguments.integer("seeds", 1, 100));
        assertEquals(Domain.ROTATED, arguments.choice("shift", Domain.class));
        assertTrue(arguments.has("rate"));
        assertFalse(arguments.has("seeds"));
    }

    @Test
    void aFlagIsThereOrNot() {
        Arguments arguments = new Arguments("Example", "Shows options.")
                .flag("quick", "whether")
                .option("steps", "N", "800", "how many steps")
                .parse("--quick", "--steps", "20");
        assertTrue(arguments.has("quick"));
        assertEquals(20, arguments.integer("steps", 1, 100));
        assertFalse(arguments.parse("--steps", "20").has("quick"));
        assertEquals("--quick takes no value.", message(() -> arguments.parse("--quick=yes")));
    }

    @Test
    void readsSeveralChoicesOnce() {
        assertEquals(
                List.of(Arm.LORA_GA, Arm.FULL),
                parse("--arms", "lora-ga, full,lora-ga").choices("arms", Arm.class));
    }

    @Test
    void anUnknownOptionNamesTheNearest() {
        assertTrue(message(() -> parse("--step", "20")).contains("did you mean --steps?"));
    }

    @Test
    void anUnknownChoiceNamesAllAndTheNearest() {
        String message = message(() -> parse("--shift", "rotate").choice("shift", Domain.class));
        assertTrue(message.contains("upright, rotated, inverted, inverted-rotated"), message);
        assertTrue(message.endsWith("did you mean rotated?"), message);
    }

    @Test
    void wrongNumbersSayWhatIsAllowed() {
        for (String value : List.of("0", "101", "many", "1.5")) {
            String message = message(() -> parse("--seeds", value).integer("seeds", 1, 100));
            assertEquals("--seeds " + value + " is no whole number from 1 to 100.", message);
        }
        for (String value : List.of("0", "-1", "NaN", "fast", "2")) {
            String message = message(() -> parse("--rate=" + value).positive("rate", 1));
            assertEquals("--rate " + value + " is no number above 0 and at most 1.0.", message);
        }
    }

    @Test
    void valuesMustBeThereAndOnce() {
        assertTrue(message(() -> parse("--steps")).contains("--steps N"));
        assertTrue(message(() -> parse("--steps", "--seeds", "2")).contains("--steps N"));
        assertTrue(message(() -> parse("--steps", "1", "--steps", "2")).contains("given twice"));
        assertTrue(message(() -> parse("steps")).contains("\"steps\" is no option"));
    }

    @Test
    void helpListsEveryOption() {
        Arguments arguments = parse("--steps", "--help");
        assertTrue(arguments.wantsHelp());
        for (String option : List.of("--steps N", "--seeds N", "--shift DOMAIN", "--rate RATE", "(800)")) {
            assertTrue(arguments.help().contains(option), arguments.help());
        }
    }

    private static String message(Executable mistake) {
        return assertThrows(Arguments.UsageException.class, mistake).getMessage();
    }
}
