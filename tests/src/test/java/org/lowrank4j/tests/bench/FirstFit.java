package org.lowrank4j.tests.bench;

/** A DL4J program that ends after its first {@code fit}, and prints the milliseconds from main to there. */
public final class FirstFit {

    private FirstFit() {}

    public static void main(String[] arguments) {
        long start = System.nanoTime();
        new TrainingStep(new Workload("mln", 64, 8, 2, 8, "adam", "dataset"), false).run();
        System.out.println(Child.MARK + (System.nanoTime() - start) / 1e6);
    }
}
