package org.lowrank4j.tests.agent.program;

/** A program without Deeplearning4j. */
public final class Hello {

    private Hello() {}

    public static void main(String[] arguments) {
        System.out.println("hello from " + Thread.getAllStackTraces().size() + " threads");
    }
}
