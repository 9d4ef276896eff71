/** How the weights of new networks are drawn. */
@NullMarked
package org.lowrank4j.drawing;

import org.jspecify.annotations.NullMarked;
