/**
 * The tables of methods, keys and kinds of layers in README and guide, written from the classes and their Javadoc: a fact
 * stands in one place, the source, and {@link org.lowrank4j.tests.pages.tables.Tables} brings it to the pages.
 */
package org.lowrank4j.tests.pages.tables;
