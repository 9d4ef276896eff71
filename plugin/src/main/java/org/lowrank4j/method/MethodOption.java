package org.lowrank4j.method;

import org.jspecify.annotations.Nullable;

/**
 * One documented option of a method.
 *
 * @param name the option without the method's name, for example {@code refresh}
 * @param defaultValue the published default as text; null if there is none, so that it must be given
 * @param meaning one line for error messages and the guide, with the unit and the allowed values
 */
public record MethodOption(String name, @Nullable String defaultValue, String meaning) {

    /** One that must be given. */
    public MethodOption(String name, String meaning) {
        this(name, null, meaning);
    }
}
