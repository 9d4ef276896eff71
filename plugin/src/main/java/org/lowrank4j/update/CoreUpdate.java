package org.lowrank4j.update;

/** An update that trains what is between factors A and B that stay as they were started. */
public non-sealed interface CoreUpdate extends StartedUpdate {}
