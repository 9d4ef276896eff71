package org.lowrank4j.hook;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.Networks;

/** Fields of the user's classes that carry {@code @LowRank}. */
public final class FieldHooks {

    private FieldHooks() {}

    /** Before a value is stored in an annotated field. */
    public static void stored(@Nullable Object value, Class<?> owner, String field) {
        Networks.stored(value, owner, field);
    }
}
