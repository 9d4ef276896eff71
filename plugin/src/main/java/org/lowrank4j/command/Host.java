package org.lowrank4j.command;

import java.io.PrintStream;
import java.net.URL;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What the commands run in.
 *
 * @param out where results go
 * @param err where progress and complaints go
 * @param version of this library
 * @param classPath takes what is to be searched for Deeplearning4j from now on
 * @param hooksFit says on a stream whether the agent's hooks fit the Deeplearning4j found, and returns it
 */
record Host(
        PrintStream out, PrintStream err, String version, Consumer<URL> classPath, Predicate<PrintStream> hooksFit) {}
