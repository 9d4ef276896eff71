/**
 * Benchmarks against stock DL4J, against the bare matrix products and against PyTorch, run by {@code -Ppages -Dpage=speed}.
 *
 * <p>Times are taken in child JVMs that stay alive and run in turn, a second each, so that all contestants see the same
 * machine; what counts is their ratio within one round.
 */
package org.lowrank4j.tests.bench;
