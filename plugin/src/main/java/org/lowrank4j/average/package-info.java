/** Averages of what is trained, over the steps of training. */
@NullMarked
package org.lowrank4j.average;

import org.jspecify.annotations.NullMarked;
