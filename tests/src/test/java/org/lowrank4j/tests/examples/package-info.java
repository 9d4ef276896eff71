/** The programs of {@code examples/}, as a user runs them, and the digits that they read or draw. */
package org.lowrank4j.tests.examples;
