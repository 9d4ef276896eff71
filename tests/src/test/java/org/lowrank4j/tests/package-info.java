/** Tests of the agent, the plugin and Deeplearning4j together, inside the test's JVM and in forked ones. */
package org.lowrank4j.tests;
