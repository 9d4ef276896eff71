/** Programs that forked JVMs run; they use Deeplearning4j as any job does. */
package org.lowrank4j.tests.agent.program;
