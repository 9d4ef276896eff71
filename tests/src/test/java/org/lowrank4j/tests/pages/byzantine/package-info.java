/** The page about workers whose gradients are wrong: the attacks, the program that trains under them, and the table. */
package org.lowrank4j.tests.pages.byzantine;
