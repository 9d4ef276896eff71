package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;

/** A method refuses a value; the rule adds where it was written. */
class OptionSourcesTest {

    private static final LowRankException REFUSED = new LowRankException("galore.refresh=0 is refused: above 0.");

    private static Rule rule(Map<String, String> environment, String... arguments) {
        return RuleBook.read(Rules.map(arguments), Rules.properties(), environment)
                .ruleFor(Creation.of(TestNetworks.peftToy(), 1, List.of()))
                .orElseThrow();
    }

    @Test
    void ofAnAgentArgument() {
        assertEquals(
                "galore.refresh=0 is refused: above 0. galore.refresh=0 is set by agent argument galore.refresh.",
                rule(Map.of(), "rank", "2", "galore.refresh", "0")
                        .withSources(REFUSED)
                        .getMessage());
    }

    @Test
    void ofAVariable() {
        assertEquals(
                "galore.refresh=0 is refused: above 0. galore.refresh=0 is set by environment LOWRANK_GALORE_REFRESH.",
                rule(Map.of("LOWRANK_GALORE_REFRESH", "0"), "rank", "2")
                        .withSources(REFUSED)
                        .getMessage());
    }

    @Test
    void ofAnOverrideAndOfTheRule() {
        assertEquals(
                "galore.refresh=0 is refused: above 0. galore.refresh=0 is set by agent argument galore.refresh@dense1."
                        + " galore.refresh=5 is set by agent argument galore.refresh.",
                rule(Map.of(), "rank", "2", "galore.refresh@dense1", "0", "galore.refresh", "5")
                        .withSources(REFUSED)
                        .getMessage());
    }

    @Test
    void addsNothingTwiceAndNothingThatNobodyWrote() {
        Rule silent = rule(Map.of(), "rank", "2");
        assertSame(REFUSED, silent.withSources(REFUSED));
        Rule rule = rule(Map.of(), "rank", "2", "galore.refresh", "0");
        LowRankException once = rule.withSources(REFUSED);
        assertSame(once, rule.withSources(once));
    }
}
