/**
 * A digit classifier that learns a new domain: the same fine-tuning program run without the agent and with it.
 * {@link org.lowrank4j.examples.digits.Compare} runs all of it; the module's README gives the reading order.
 */
package org.lowrank4j.examples.digits;
