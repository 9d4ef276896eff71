package org.lowrank4j.rule;

/**
 * What {@code train} says. A list of patterns adds to what trains in full by default, {@code only:} in front of the list
 * puts it in the place of the default, and {@code none} leaves nothing that trains in full.
 *
 * @param alone whether the default does not hold
 * @param patterns a list as {@link LayerPattern#parse} reads it
 */
record TrainedLayers(boolean alone, String patterns) {

    private static final String ONLY = "only:";

    /** Reads the value of {@code train}. */
    static TrainedLayers parse(String text) {
        String list = text.strip();
        if (list.startsWith(ONLY)) {
            return new TrainedLayers(true, list.substring(ONLY.length()).strip());
        }
        return new TrainedLayers(list.equals(LayerPattern.NONE), list);
    }

    /**
     * The value in the one form that equal values share.
     *
     * @throws IllegalArgumentException if an entry of the list is empty or no valid pattern
     */
    static String canonical(String text) {
        TrainedLayers trained = parse(text);
        String patterns = LayerPattern.canonical(trained.patterns);
        return trained.alone && !patterns.equals(LayerPattern.NONE) ? ONLY + patterns : patterns;
    }
}
