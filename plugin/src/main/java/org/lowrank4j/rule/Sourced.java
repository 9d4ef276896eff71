package org.lowrank4j.rule;

/**
 * A value as its user wrote it.
 *
 * @param text the value
 * @param source where it stands, for messages: {@code annotation on class a.b.C}, {@code lowrank.yaml line 7},
 *     {@code agent argument rank}
 */
record Sourced(String text, String source) {}
