/** Code that is recognised by its package, as Deeplearning4j's is. */
package org.deeplearning4j.spark.parameterserver.training;
