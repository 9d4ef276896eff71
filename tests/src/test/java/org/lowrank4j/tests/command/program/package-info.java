/** Programs that the tests of the command line run. */
package org.lowrank4j.tests.command.program;
