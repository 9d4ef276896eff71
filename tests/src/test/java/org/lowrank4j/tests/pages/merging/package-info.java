/**
 * Adapters of several tasks in less room, as a page with a table: {@link org.lowrank4j.tests.pages.merging.Merging} runs all
 * of it.
 */
package org.lowrank4j.tests.pages.merging;
