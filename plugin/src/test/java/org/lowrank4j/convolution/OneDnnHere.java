package org.lowrank4j.convolution;

/** The platform of the build's natives of oneDNN. */
public final class OneDnnHere {

    private OneDnnHere() {}

    /** Whether they are on the class path of tests. */
    public static boolean isExpected() {
        return System.getProperty("os.name").equals("Linux")
                && System.getProperty("os.arch").equals("amd64");
    }
}
