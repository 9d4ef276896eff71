package org.lowrank4j.agent;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the gate asks of the weaving code, which lives in a class loader of its own. */
public interface ClassWeaver {

    /** Internal names of the Deeplearning4j classes to weave. Asking loads no library class. */
    Set<String> targets();

    /**
     * Puts the hooks into a Deeplearning4j class.
     *
     * @param loader the loader that defines the class; null for the bootstrap loader
     * @param name internal name of the class
     * @param classFile the class as the JVM or another agent presents it
     * @return the woven class, or null to leave it as it is, as one that has no method with a hook
     */
    byte @Nullable [] weaveTarget(@Nullable ClassLoader loader, String name, byte[] classFile);

    /**
     * Puts the hooks for layers of any kind into a class of the user's.
     *
     * @param loader the loader that defines the class
     * @return the woven class, or null if it is no layer
     */
    byte @Nullable [] weaveLayer(ClassLoader loader, String name, byte[] classFile);

    /**
     * Takes note of what a user's class annotates, and reports what it stores in annotated fields of its nest.
     *
     * @param loader the loader that defines the class
     * @return the woven class, or null if it stores nothing there
     */
    byte @Nullable [] weaveFields(ClassLoader loader, String name, byte[] classFile);

    /**
     * Says whether the Deeplearning4j that a loader finds has every member that the hooks need. Loads none of its classes.
     */
    boolean fits(ClassLoader loader);
}
