/**
 * The Java agent that finds Deeplearning4j's classes as they are loaded and hooks lowrank4j into them.
 *
 * <p>These few classes live in the system class loader, where {@code -javaagent} puts the agent's jar, and use JDK types
 * only. Everything that needs a library waits in the jar until the first Deeplearning4j class is loaded:
 *
 * <pre>
 *  system loader        AgentMain, TargetGate, HookLinker, ...      and the application's classes
 *    ^        ^
 *    |        +-- weaving loader (a jar in the jar): Weaver, ShapeCheck, parts of Byte Buddy, ASM
 *    |
 *  Deeplearning4j's loader (the same, or a child)  -- invokedynamic --&gt; HookLinker.bootstrap
 *    ^
 *    +-- hook loader (a jar in the jar): the hooks and the engine, on the application's own ND4J
 * </pre>
 */
@NullMarked
package org.lowrank4j.agent;

import org.jspecify.annotations.NullMarked;
