/**
 * Every start of low-rank factors on the same two tasks, as a page with tables:
 * {@link org.lowrank4j.tests.pages.starts.Starts} runs all of it.
 */
package org.lowrank4j.tests.pages.starts;
