/** Updaters that run on what is trained, in the place of those in a network's configuration. */
@NullMarked
package org.lowrank4j.updater;

import org.jspecify.annotations.NullMarked;
