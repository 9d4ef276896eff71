/**
 * Puts the hooks into Deeplearning4j's classes. Only this package knows Byte Buddy and ASM; in the agent's jar it lies
 * in {@code inst/weaving.jar} with relocated copies of what it uses of both, and a class loader of its own defines it.
 */
@NullMarked
package org.lowrank4j.agent.weave;

import org.jspecify.annotations.NullMarked;
