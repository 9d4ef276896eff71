/**
 * Damaged files, writers that are killed, and adapters that are swapped under load. Few of each by default; the numbers of
 * a full run are in the Maven profile robustness.
 */
package org.lowrank4j.tests.robustness;
