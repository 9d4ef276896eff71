/** The agent's jar in real JVMs: class loaders, other agents, JDK releases, and what happens when something is wrong. */
package org.lowrank4j.tests.agent;
