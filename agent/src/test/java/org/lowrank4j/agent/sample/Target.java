package org.lowrank4j.agent.sample;

/** A class to weave, with a method of every shape in the catalogue. */
public class Target extends TargetBase {

    public Object find(Object key) {
        return "body " + key;
    }

    public boolean step(String first, boolean second, int third) {
        return false;
    }

    public double score(boolean flag) {
        return 1.5;
    }

    public void prepare() {
        bodies++;
    }

    public static String create(Object model) {
        return "body " + model;
    }

    public Target copy() {
        return new Target();
    }

    public void init(boolean early) {
        if (early) {
            return;
        }
        bodies++;
    }

    public Object backward(boolean fail) {
        if (fail) {
            throw new IllegalArgumentException("body failed");
        }
        return "body";
    }

    public long ends(long count, String end, double factor) {
        if (end.equals("return")) {
            return count;
        }
        long sum = 0;
        try {
            for (int i = 0; i < count; i++) {
                double part = i * factor;
                sum += (long) part + i;
                if (end.equals("loop")) {
                    return sum;
                }
            }
            Object text = end.equals("caught") ? null : end;
            sum += text.hashCode();
        } catch (NullPointerException caught) {
            return -sum;
        } finally {
            sum++;
        }
        if (end.equals("throw")) {
            throw new IllegalStateException("thrown");
        }
        return sum;
    }

    @Override
    public String toString() {
        return "target";
    }
}
