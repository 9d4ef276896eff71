/** Networks on a cluster of Spark's own: a master and workers as processes of this machine. */
package org.lowrank4j.tests.spark;
