package org.lowrank4j.rule;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code train} says. A list of patterns adds to what trains in full by default, {@code only:} in front of the list
 * puts it in the place of the default, and {@code none} leaves nothing that trains in full. A list that begins with
 * {@code auto} adds every layer that is still random.
 *
 * @param alone whether the default does not hold
 * @param random whether all layers that are still random train in full
 * @param patterns a list as {@link LayerPattern#parse} reads it
 */
record TrainedLayers(boolean alone, boolean random, String patterns) {

    private static final String ONLY = "only:";
    private static final String AUTO = "auto";
    private static final Pattern WITH_AUTO = Pattern.compile(AUTO + "\\s*[,:]\\s*(.+)", Pattern.DOTALL);

    /** Reads the value of {@code train}. */
    static TrainedLayers parse(String text) {
        String list = text.strip();
        boolean only = list.startsWith(ONLY);
        String entries = only ? list.substring(ONLY.length()).strip() : list;
        if (entries.equals(AUTO)) {
            return new TrainedLayers(only, true, LayerPattern.NONE);
        }
        Matcher withAuto = WITH_AUTO.matcher(entries);
        return withAuto.matches()
                ? new TrainedLayers(only, true, withAuto.group(1))
                : new TrainedLayers(only || entries.equals(LayerPattern.NONE), false, entries);
    }

    /**
     * The value in the one form that equal values share.
     *
     * @throws IllegalArgumentException if an entry of the list is empty or no valid pattern
     */
    static String canonical(String text) {
        TrainedLayers trained = parse(text);
        String patterns = LayerPattern.canonical(trained.patterns);
        if (trained.random) {
            patterns = patterns.equals(LayerPattern.NONE) ? AUTO : AUTO + "," + patterns;
        }
        return trained.alone && !patterns.equals(LayerPattern.NONE) ? ONLY + patterns : patterns;
    }
}
