/** lowrank4j's plugin: the part that works on Deeplearning4j networks, loaded where Deeplearning4j's classes are. */
@NullMarked
package org.lowrank4j;

import org.jspecify.annotations.NullMarked;
