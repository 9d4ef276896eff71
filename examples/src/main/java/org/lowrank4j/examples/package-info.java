/** Small programs that show lowrank4j at work on Deeplearning4j networks. */
package org.lowrank4j.examples;
