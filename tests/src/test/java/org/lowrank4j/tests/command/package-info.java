/** The command line of the agent's jar, as users start it. */
package org.lowrank4j.tests.command;
