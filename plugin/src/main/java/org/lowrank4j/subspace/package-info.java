/** Random subspaces: linear maps from a few numbers to all trained entries of a network, and their adjoints. */
@org.jspecify.annotations.NullMarked
package org.lowrank4j.subspace;
