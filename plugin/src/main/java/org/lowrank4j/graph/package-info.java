/** Training of SameDiff graphs: which of their variables are targets, and a step of them. */
@NullMarked
package org.lowrank4j.graph;

import org.jspecify.annotations.NullMarked;
