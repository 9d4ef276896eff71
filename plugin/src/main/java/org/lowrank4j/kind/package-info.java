/** What a layer offers to the methods: its matrices and their gradients. Knows no method. */
@NullMarked
package org.lowrank4j.kind;

import org.jspecify.annotations.NullMarked;
