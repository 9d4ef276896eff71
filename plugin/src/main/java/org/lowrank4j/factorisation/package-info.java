/** How a layer is written as two of low rank: one class a method, found as services. */
@NullMarked
package org.lowrank4j.factorisation;

import org.jspecify.annotations.NullMarked;
