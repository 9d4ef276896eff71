package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class SwitchesTest {

    @Test
    void isOnByDefaultAndQuietAndLenient() {
        Switches switches = switches("", Map.of(), Map.of());

        assertTrue(switches.enabled());
        assertFalse(switches.strict());
        assertFalse(switches.verbose());
        assertEquals(List.of(), switches.problems());
    }

    @Test
    void anArgumentCountsBeforeAPropertyBeforeAVariable() {
        Map<String, String> off = Map.of("LOWRANK_ENABLED", "false");

        assertFalse(switches("", Map.of(), off).enabled());
        assertTrue(switches("", Map.of("lowrank.enabled", "true"), off).enabled());
        assertFalse(switches("enabled=false", Map.of("lowrank.enabled", "true"), Map.of())
                .enabled());
    }

    @Test
    void aSwitchWithoutAValueIsOn() {
        assertTrue(switches("", Map.of("lowrank.strict", ""), Map.of()).strict());
        assertTrue(switches("verbose=TRUE", Map.of(), Map.of()).verbose());
    }

    @Test
    void anEmptyVariableIsNotSet() {
        assertFalse(switches("", Map.of(), Map.of("LOWRANK_STRICT", " ")).strict());
    }

    @Test
    void modeOffIsNotEnabled() {
        assertFalse(switches("mode=off", Map.of(), Map.of()).enabled());
        assertTrue(
                switches("mode=report", Map.of(), Map.of("LOWRANK_MODE", "off")).enabled());
    }

    @Test
    void namesASwitchThatIsNeitherOnNorOff() {
        Switches switches = switches("strict=maybe,nonsense", Map.of(), Map.of());

        assertFalse(switches.strict());
        assertEquals(List.of("strict 'maybe,nonsense' is refused: it must be true or false"), switches.problems());
    }

    @Test
    void describesEveryOptionWithItsSource() {
        Switches switches = switches(
                "rank=8",
                Map.of("lowrank.rank", "4", "lowrank.layers", "a", "user.home", "x"),
                Map.of("LOWRANK_ALPHA", "2"));

        assertEquals(
                List.of(
                        "rank=8 (agent argument)",
                        "lowrank.layers=a (system property)",
                        "LOWRANK_ALPHA=2 (environment variable)"),
                switches.describe());
    }

    private static Switches switches(String arguments, Map<String, String> properties, Map<String, String> variables) {
        Properties system = new Properties();
        system.putAll(properties);
        return new Switches(AgentOptions.parse(arguments), system, variables);
    }
}
