package org.lowrank4j.hook;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Hooks of every kind that write down how they were called. */
public final class SampleHooks {

    /** One line per call. */
    public static final List<String> CALLS = new ArrayList<>();

    /** What hooks with a result return. */
    public static Object answer;

    private SampleHooks() {}

    public static Object find(Object self, Object key) {
        return note("find", self, key);
    }

    public static Object step(Object self, Object first, Object second, Object third, Object field) {
        return note("step", self, first, second, third, field);
    }

    public static Object score(Object self, boolean flag) {
        return note("score", self, flag);
    }

    public static Object prepare(Object self) {
        return note("prepare", self);
    }

    public static Object create(Object model) {
        return note("create", model);
    }

    public static void observe(Object self, Object key) {
        note("observe", self, key);
    }

    public static void copied(Object self, Object copy) {
        note("copied", self, copy);
    }

    public static void initialised(Object self) {
        note("initialised", self);
    }

    public static Object begins(Object self) {
        note("begins", self);
        return "token";
    }

    public static void ends(Object self, Object token, Throwable thrown) {
        note("ends", self, token, thrown == null ? null : thrown.getMessage());
    }

    public static Object fails(Object self) {
        throw new UnsupportedOperationException("hook failed");
    }

    public static Object twice(Object self) {
        return self;
    }

    public static Object twice(Object self, Object other) {
        return other;
    }

    private static Object note(String hook, Object... values) {
        CALLS.add(hook + Arrays.toString(values));
        return answer;
    }
}
