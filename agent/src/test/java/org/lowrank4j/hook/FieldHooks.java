package org.lowrank4j.hook;

/** Stands in for the plugin's hook of annotated fields. */
public final class FieldHooks {

    private FieldHooks() {}

    public static void stored(Object value, Class<?> owner, String field) {
        SampleHooks.CALLS.add("stored " + value + " in " + owner.getSimpleName() + "." + field);
    }
}
