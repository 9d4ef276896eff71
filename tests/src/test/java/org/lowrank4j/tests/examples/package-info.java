/** The programs of {@code examples/}, as a user runs them, and what they read or draw. */
package org.lowrank4j.tests.examples;
