package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;

/** Patterns that would run for ever, or exhaust the stack, are refused. */
class BoundedPatternTest {

    @ParameterizedTest
    @ValueSource(strings = {"(a+)+\\1c", "(a|aa)+$b", "(.*a){30}x", "(a*)*b"})
    void patternsThatNeverEndAreRefused(String pattern) {
        String name = "a".repeat(200);
        assertTimeout(Duration.ofSeconds(5), () -> {
            try {
                assertFalse(BoundedPattern.compile(pattern).matches(name));
            } catch (IllegalArgumentException refused) {
                assertTrue(refused.getMessage().contains("takes too long to match"), refused.getMessage());
            }
        });
    }

    @Test
    void deepPatternsDoNotExhaustTheStack() {
        String deep = "(".repeat(400) + "a" + ")".repeat(400);
        assertTrue(BoundedPattern.compile(deep).matches("a"));
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> BoundedPattern.compile("(".repeat(500_000)));
        assertTrue(refused.getMessage().length() < 400, refused.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> BoundedPattern.compile("(a|b)*").matches("ab".repeat(500_000)));
    }

    @Test
    void aRuleWithSuchAPatternIsRefusedByName() {
        LayerPattern pattern = LayerPattern.parse("(x+)+\\1y").get(0);
        LowRankException refused = assertTimeout(
                Duration.ofSeconds(5),
                () -> assertThrows(
                        LowRankException.class,
                        () -> pattern.match(
                                TestNetworks.network("MultiLayerNetwork", TestNetworks.dense("x".repeat(200), 3, 3)))));
        assertTrue(refused.getMessage().contains("takes too long to match"), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "com.vendor.*, com.vendor.Train, true",
        "com.vendor.*, com.vendorx.Train, false",
        "*.Train, com.vendor.Train, true",
        "*, anything, true",
        "a*a, a, false",
        "a*a, aa, true",
        "a**b*c, axxbyyc, true",
        "a*b*c, acb, false",
        "a, a, true",
        "a, ab, false",
        "*b*b*, ab, false",
    })
    void starsStandForAnyText(String glob, String text, boolean matches) {
        assertEquals(matches, new Glob(glob).matches(text));
    }

    @Test
    void manyStarsTakeNoTime() {
        assertTimeout(
                Duration.ofSeconds(2),
                () -> assertFalse(new Glob("*a".repeat(5_000) + "b*").matches("a".repeat(20_000))));
    }
}
