package org.lowrank4j.engine;

import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether Spark's executors have lowrank4j, asked before they are sent what others cannot read: workers that get no data
 * answer without parameters, but with some where lowrank4j is at work, and with a score of 1 if it is of the version asked for.
 */
final class Handshake {

    /** Of what is sent: both ends must have the same. */
    static final int VERSION = 1;

    private static final String ASKS = "asks";
    private static final String OPTIONS = "spark.executor.extraJavaOptions";
    private static final String AGENT = "-javaagent:";

    /** How Java says that stock workers were sent what they cannot read. */
    private static final List<String> UNREAD = List.of("java.util.HashMap cannot be cast", "NetBroadcastTuple");

    private Handshake() {}

    /** Why executors cannot train adapters, as a clause; null if they can. */
    static @Nullable String problem(Object master, Object context) {
        if (SparkInternals.isLocal(context)) {
            return null;
        }
        HashMap<String, Object> question = new HashMap<>();
        question.put(ASKS, VERSION);
        SparkInternals.Answers answers =
                SparkInternals.ofNothing(master, context, SparkInternals.broadcast(context, question));
        int without = answers.asked() - answers.answered();
        if (without > 0) {
            return without + " of " + answers.asked() + " tasks met an executor without lowrank4j. " + howTo(context);
        }
        int others = answers.answered() - (int) answers.score();
        return others == 0
                ? null
                : others + " of " + answers.asked() + " tasks met an executor with another version of lowrank4j. "
                        + howTo(context);
    }

    /** What a worker on this executor answers to no data; null leaves it to DL4J. */
    static @Nullable Object answer(Object worker) {
        return SparkInternals.sent(worker) instanceof Map<?, ?> question
                        && question.containsKey(ASKS)
                        && RulesInForce.weavingProblem() == null
                ? SparkInternals.resultOfNothing(worker, Objects.equals(question.get(ASKS), VERSION) ? 1 : 0)
                : null;
    }

    /** What a failed fit means, if an executor without lowrank4j came later than the question; else null. */
    static @Nullable String explanation(Throwable thrown, Object context) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (UNREAD.stream().allMatch(message::contains)) {
                return "An executor without lowrank4j was to train a part of a split. " + howTo(context);
            }
        }
        return null;
    }

    private static String howTo(Object context) {
        String others = SparkInternals.setting(context, OPTIONS);
        return "Start all executors with --conf \"" + OPTIONS + "=" + AGENT + agent()
                + (others.isEmpty() ? "" : " " + others)
                + "\", with that file on every node; rules they need none";
    }

    /** The path of the agent's jar in this JVM. */
    private static String agent() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith(AGENT) && argument.contains("lowrank"))
                .map(argument -> argument.substring(AGENT.length()).split("=", 2)[0])
                .findFirst()
                .orElse("/path/to/lowrank4j-agent.jar");
    }
}
