package org.lowrank4j.agent.sample;

/** Holds what hooks of the subclass read. */
public abstract class TargetBase {

    /** How many bodies of void methods have run. */
    public int bodies;

    protected Object model = "model";
}
