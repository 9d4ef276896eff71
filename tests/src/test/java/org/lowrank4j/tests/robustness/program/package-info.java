/** Programs that are killed. */
package org.lowrank4j.tests.robustness.program;
