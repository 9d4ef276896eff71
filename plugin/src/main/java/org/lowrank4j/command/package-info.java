/**
 * The command line of the agent's jar: what users type, and what they read back. Nothing here needs Deeplearning4j to be
 * there, and no signature names a class of it, so that help and explanations work without it. What the verbs do with
 * models is in {@link org.lowrank4j.command.work}, which is loaded once Deeplearning4j was found.
 */
@NullMarked
package org.lowrank4j.command;

import org.jspecify.annotations.NullMarked;
