/**
 * Adapters of several tasks in less room, as a page with a table: {@link org.lowrank4j.examples.merging.Merging} runs all
 * of it.
 */
package org.lowrank4j.examples.merging;
