/** Unmodified DL4J programs in this JVM, which runs under the agent; a rule is an annotation of the code that initialises. */
package org.lowrank4j.tests.engine;
