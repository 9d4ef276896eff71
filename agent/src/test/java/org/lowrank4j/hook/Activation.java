package org.lowrank4j.hook;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Stands in for the plugin in the agent's tests, on whose class path it comes first. */
public final class Activation {

    public static int count;
    public static Map<String, String> options;
    public static List<String> unreadable;
    public static Supplier<String> weavingProblem;
    public static Supplier<Map<String, String>> annotated;
    public static int ended;

    /** Runs while the plugin is being activated. */
    public static Runnable during = () -> {};

    /** What is said afterwards. */
    public static Runnable said = () -> {};

    private Activation() {}

    public static Runnable activate(
            Map<String, String> given,
            List<String> problems,
            List<String> repeated,
            Supplier<String> problem,
            Supplier<Map<String, String>> places) {
        count++;
        options = given;
        unreadable = problems;
        weavingProblem = problem;
        annotated = places;
        during.run();
        return said;
    }

    public static void ended() {
        ended++;
    }
}
