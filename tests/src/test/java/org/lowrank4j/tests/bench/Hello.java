package org.lowrank4j.tests.bench;

/** A program without DL4J. */
public final class Hello {

    private Hello() {}

    public static void main(String[] arguments) {
        System.out.println("hello");
    }
}
