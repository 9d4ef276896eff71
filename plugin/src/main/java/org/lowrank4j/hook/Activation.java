package org.lowrank4j.hook;

import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.Networks;
import org.lowrank4j.report.Console;
import org.lowrank4j.rule.RuleBook;

/** The agent's first call into the plugin, before any hook runs. */
public final class Activation {

    private Activation() {}

    /**
     * Reads the rules of this JVM.
     *
     * @param options the agent's arguments as written
     * @param weavingProblem answers with what kept a hook from being woven, null while nothing did
     * @throws org.lowrank4j.LowRankException if a rule cannot be read
     */
    public static void activate(Map<String, String> options, Supplier<@Nullable String> weavingProblem) {
        RuleBook rules = RuleBook.read(options, System.getProperties(), System.getenv());
        rules.warnings().forEach(Console::warn);
        Networks.apply(rules, weavingProblem);
    }
}
