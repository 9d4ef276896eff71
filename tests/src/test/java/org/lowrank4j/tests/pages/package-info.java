/**
 * Programs that write pages of the site, each by itself: {@link org.lowrank4j.tests.pages.Pages} runs one, by {@code -Ppages}.
 * Trainings run in JVMs of their own, with the agent and its arguments or without, as a user would start them.
 */
package org.lowrank4j.tests.pages;
