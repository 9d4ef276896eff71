/** What the verbs of the command line do with models and adapters. */
@NullMarked
package org.lowrank4j.command.work;

import org.jspecify.annotations.NullMarked;
