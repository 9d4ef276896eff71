package org.lowrank4j.rule;

/** A class that {@link MissingParameterType} does not find. */
final class Gone {}
