package org.lowrank4j.engine;

import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.convolution.ConvolutionEngines;
import org.lowrank4j.rule.RuleBook;

/** The rules of this JVM, and whether any of them applies to a network yet. */
public final class RulesInForce {

    /** Read by every hook before anything else, so that hooks cost nothing while no rule applies to any network. */
    private static volatile boolean anyEnrolment;

    private static volatile @Nullable RuleBook ruleBook;
    private static volatile Supplier<@Nullable String> weavingProblem = () -> null;
    private static volatile @Nullable UnmatchedRules unmatched;

    /** Whether the next network that trains without a rule may be one that a rule was meant for. */
    private static volatile boolean rulesMissed;

    /** Whether rules asked for an engine of convolutions: nothing of these is touched otherwise. */
    private static boolean convolutionAsked;

    private RulesInForce() {}

    /**
     * Starts to apply rules to networks.
     *
     * @param rules of this JVM
     * @param problem answers with what kept a hook from being woven, null while there is nothing
     */
    public static void apply(RuleBook rules, Supplier<@Nullable String> problem) {
        apply(rules, problem, Map::of);
    }

    /**
     * The same where the agent knows the classes of the program.
     *
     * @param annotated what those that are loaded annotate with {@code @LowRank}: {@code class a.b.C}, {@code method
     *     a.b.C.train}, {@code constructor a.b.C} or {@code field a.b.C.network}, with the descriptor of its type for a
     *     field to which no class stores that is seen, else with ""
     */
    public static void apply(
            RuleBook rules, Supplier<@Nullable String> problem, Supplier<Map<String, String>> annotated) {
        weavingProblem = problem;
        ruleBook = rules;
        unmatched = rules.off() ? null : new UnmatchedRules(rules, annotated);
        rulesMissed = !rules.off();
        String engine = rules.convolution();
        if (engine != null || convolutionAsked) {
            ConvolutionEngines.ask(engine, rules.convolutionSource());
            convolutionAsked = engine != null;
        }
    }

    /** The JVM ends. */
    public static void ended() {
        UnmatchedRules all = unmatched;
        if (all != null) {
            all.sayAtEnd();
        }
    }

    /** Whether a rule applies to any network yet. */
    public static boolean none() {
        return !anyEnrolment;
    }

    /** Whether a step is of no interest: no rule applies to any network, and none is missed. */
    public static boolean stepsAreStock() {
        return !anyEnrolment && !rulesMissed;
    }

    /** The rules; null for none, or where they are switched off. */
    public static @Nullable RuleBook book() {
        RuleBook rules = ruleBook;
        return rules == null || rules.off() ? null : rules;
    }

    /** A network was initialised for which a rule is looked for. */
    static void lookedFor() {
        rulesMissed = true;
    }

    /** A rule applies to a network. */
    static void found() {
        anyEnrolment = true;
    }

    /** A network with a rule trains. */
    public static void trains() {
        UnmatchedRules all = unmatched;
        if (all != null) {
            all.trains();
        }
    }

    /**
     * A network without a rule trains. Looked at once after each network that was initialised: what was missed by then has
     * been said.
     */
    static void trainsWithout(NetworkParts network) {
        if (!rulesMissed) {
            return;
        }
        UnmatchedRules all = unmatched;
        if (all != null) {
            all.trainsWithout(network);
        }
        rulesMissed = false;
    }

    /** What kept a hook from being woven; null for nothing. */
    public static @Nullable String weavingProblem() {
        return weavingProblem.get();
    }

    /** Whether plans are only shown, and every network trains as stock. */
    public static boolean reportOnly() {
        RuleBook rules = ruleBook;
        return rules != null && rules.reportOnly();
    }

    /** Whether a network that a rule applies to must not train as stock. */
    public static boolean mustNotBeStock() {
        RuleBook rules = ruleBook;
        return rules != null && rules.strict() && !rules.reportOnly();
    }
}
