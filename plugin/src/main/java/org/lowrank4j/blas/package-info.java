/** Which kernels the BLAS under ND4J runs, whether they fit the processor, and whether their results are right. */
@NullMarked
package org.lowrank4j.blas;

import org.jspecify.annotations.NullMarked;
