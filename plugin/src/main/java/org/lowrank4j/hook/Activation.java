package org.lowrank4j.hook;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.rule.RuleBook;

/** The agent's first call into the plugin, before any hook runs, and its last. */
public final class Activation {

    private Activation() {}

    /**
     * Reads the rules of this JVM. What of them cannot be had is refused to the first network that trains, not here.
     *
     * @param options the agent's arguments as written
     * @param unreadable sentences about arguments that could not be read
     * @param repeated sentences about arguments that are given twice to no harm
     * @param weavingProblem answers with what kept a hook from being woven, null while nothing did
     * @param annotated answers with what the loaded classes annotate, as {@link Networks#apply} takes it
     * @return says what there is to say, for when the agent holds no lock
     */
    public static Runnable activate(
            Map<String, String> options,
            List<String> unreadable,
            List<String> repeated,
            Supplier<@Nullable String> weavingProblem,
            Supplier<Map<String, String>> annotated) {
        RuleBook rules =
                RuleBook.readForTraining(options, unreadable, repeated, System.getProperties(), System.getenv());
        RulesInForce.apply(rules, weavingProblem, annotated);
        return () -> rules.warnings().forEach(Console::warn);
    }

    /** The agent's last call: the JVM ends. */
    public static void ended() {
        RulesInForce.ended();
    }
}
