/** The Java agent that finds Deeplearning4j's classes as they are loaded and hooks lowrank4j into them. */
@NullMarked
package org.lowrank4j.agent;

import org.jspecify.annotations.NullMarked;
