package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** A rule that was written as text is the same rule. */
class WrittenRuleTest {

    private static Rule rule(Map<String, String> arguments, Map<String, String> environment) {
        return RuleBook.read(arguments, new Properties(), environment)
                .ruleFor(Creation.of(TestNetworks.peftToy(), 1, List.of()))
                .orElseThrow();
    }

    /** Keys, options of methods, settings for some layers, variables of the environment, and where each stands. */
    @Test
    void hasAllThatItHad() {
        Rule rule = rule(
                Map.of("rank", "3", "gradient", "galore", "galore.refresh", "7", "rank@fc1", "2", "strict", "true"),
                Map.of("LOWRANK_GALORE_SCALE", "0.5", "LOWRANK_BIAS", "all"));

        Rule read = WrittenRule.of(WrittenRule.rows(rule));

        assertTrue(rule.sameSettings(read));
        assertEquals(rule.source(), read.source());
        assertEquals(rule.strict(), read.strict());
        assertEquals(texts(rule), texts(read));
    }

    private static List<List<String>> texts(Rule rule) {
        return WrittenRule.rows(rule).stream().map(Arrays::asList).toList();
    }
}
