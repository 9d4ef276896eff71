package org.lowrank4j.agent;

import java.net.URL;
import java.net.URLClassLoader;

/** A class path that is known only after the command line was read. */
final class LateClassPath extends URLClassLoader {

    static {
        registerAsParallelCapable();
    }

    LateClassPath(ClassLoader parent) {
        super("lowrank4j-classpath", new URL[0], parent);
    }

    /** Adds a jar or a directory, after those that are there. */
    void add(URL entry) {
        addURL(entry);
    }
}
