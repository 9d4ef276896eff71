/** BLAS called directly: which kernels it runs, whether they fit the processor and are right, and its routines. */
@NullMarked
package org.lowrank4j.blas;

import org.jspecify.annotations.NullMarked;
