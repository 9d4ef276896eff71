/** Which layers and weights a network has: the one view of it for adapters, commands and compression. */
@NullMarked
package org.lowrank4j.network;

import org.jspecify.annotations.NullMarked;
