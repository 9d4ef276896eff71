/** The products of convolutions: pictures with filters, forward and back, by engines. Knows no layer. */
@NullMarked
package org.lowrank4j.convolution;

import org.jspecify.annotations.NullMarked;
