/**
 * Puts the hooks into Deeplearning4j's classes. Only this package knows Byte Buddy and ASM; in the agent's jar it lies
 * under {@code inst/} and is defined by a class loader of its own, with relocated copies of both.
 */
@NullMarked
package org.lowrank4j.agent.weave;

import org.jspecify.annotations.NullMarked;
