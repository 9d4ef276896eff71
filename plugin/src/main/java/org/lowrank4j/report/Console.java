package org.lowrank4j.report;

/**
 * Where lowrank4j speaks: standard error, with its name in front. The job's own standard output stays untouched, and no
 * logging framework has to be present.
 */
public final class Console {

    private static final String NAME = "lowrank4j: ";

    private Console() {}

    /** One fact, or a block of lines of which the first names the subject. */
    public static void say(String text) {
        System.err.println(NAME + text.strip());
    }

    /** Something that the user may have wanted otherwise. */
    public static void warn(String text) {
        System.err.println(NAME + "WARNING: " + text.strip());
    }
}
