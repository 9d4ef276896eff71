package org.lowrank4j.tests.engine;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.rule.RuleBook;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Sgd;

/** Runs an action under rules as the agent's arguments, properties and variables of a JVM give them. */
final class JvmRules {

    private JvmRules() {}

    /** Under agent arguments alone. */
    static void with(Map<String, String> arguments, Runnable action) {
        with(RuleBook.readForTraining(arguments, List.of(), List.of(), new Properties(), Map.of()), action);
    }

    static void with(RuleBook rules, Runnable action) {
        // The first network of a JVM makes the agent read the JVM's own rules.
        Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        RulesInForce.apply(rules, () -> null);
        try {
            action.run();
        } finally {
            RulesInForce.apply(RuleBook.read(Map.of(), System.getProperties(), System.getenv()), () -> null);
        }
    }
}
