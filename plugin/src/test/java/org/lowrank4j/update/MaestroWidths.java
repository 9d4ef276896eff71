package org.lowrank4j.update;

/** Lets tests of other packages choose a width, which training draws. */
public final class MaestroWidths {

    private MaestroWidths() {}

    /** Begins a step of Maestro's update at this width. */
    public static void begin(TargetUpdate update, int width) {
        ((Maestro.Target) update).reduceTo(width);
    }
}
