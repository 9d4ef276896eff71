/**
 * Small results of papers, run again: one class per page, each a program that trains in JVMs of their own, with the methods
 * named by the agent's arguments, and writes its page wholly.
 */
package org.lowrank4j.tests.pages.published;
