/** Programs that drive a cluster; they use Spark and Deeplearning4j as any job does. */
package org.lowrank4j.tests.spark.program;
