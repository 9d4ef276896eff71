package org.lowrank4j.method;

/**
 * One documented option of a method.
 *
 * @param name the option without the method's name, for example {@code refresh}
 * @param defaultValue the published default as text
 * @param meaning one line for error messages and the guide, with the unit and the allowed values
 */
public record MethodOption(String name, String defaultValue, String meaning) {}
