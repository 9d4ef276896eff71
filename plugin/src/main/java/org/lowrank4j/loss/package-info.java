/** Losses that stand for an output layer's own in training. */
@NullMarked
package org.lowrank4j.loss;

import org.jspecify.annotations.NullMarked;
