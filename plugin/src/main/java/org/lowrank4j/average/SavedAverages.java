package org.lowrank4j.average;

/** The names of averages in the state of a training. */
public final class SavedAverages {

    /** Before all of them. */
    public static final String AVERAGE = "average";

    /** How many steps the averages are of. */
    public static final String STEPS = "steps";

    /** 1 where the first average stands in the place of what trains. */
    public static final String SHOWN = "shown";

    /** The widths of the averages, where another one can be made of them. */
    public static final String WIDTHS = "widths";

    /** Before LAYER, for all parameters of a layer as one vector, or LAYER/VECTOR. */
    public static final String PARAMETERS = "parameters.";

    /** Before the key of a matrix. */
    public static final String WEIGHT = "weight.";

    /** Before TARGET/NAME, for what an update trains. */
    public static final String TENSOR = "tensor.";

    private SavedAverages() {}

    /** What is kept of a place; the first is of the average that is looked at. */
    public static String copy(int number, String place) {
        return "copy" + number + "." + place;
    }
}
