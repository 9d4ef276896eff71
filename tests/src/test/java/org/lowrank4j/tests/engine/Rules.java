package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.rule.RuleBook;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Sgd;

/** Rules for networks that are made meanwhile, for tests that cannot write each of them as an annotation. */
final class Rules {

    static {
        // The agent reads its own rules when it meets the first network.
        Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
    }

    private Rules() {}

    /** Checks that a network that has made a step follows a rule. */
    static void assertFollows(Model network) {
        assertTrue(AdapterFile.entries(AdapterFile.zip(network)).containsKey(AdapterFile.ENTRY), "it follows a rule");
    }

    /**
     * Lets a program make networks under a rule, which then stay with it.
     *
     * @param rule keys and values as in the agent's arguments
     */
    static <T> T during(Map<String, String> rule, Supplier<T> program) {
        RulesInForce.apply(RuleBook.read(rule, new Properties(), Map.of()), () -> null);
        try {
            return program.get();
        } finally {
            RulesInForce.apply(RuleBook.read(Map.of(), System.getProperties(), System.getenv()), () -> null);
        }
    }
}
