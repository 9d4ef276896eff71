/**
 * Adapters as values: made from files and networks, written as PEFT directories, applied to networks, combined and
 * merged. Nothing here needs the agent.
 *
 * <p>An {@link org.lowrank4j.adapter.Adapter} is what training changed in a base network: per adapted layer two factors,
 * and as a whole what was trained in full. Matrices are in DL4J's orientation, y = x W with W of nIn x nOut.
 */
@NullMarked
package org.lowrank4j.adapter;

import org.jspecify.annotations.NullMarked;
