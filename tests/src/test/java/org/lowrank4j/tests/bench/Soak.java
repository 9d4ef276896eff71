package org.lowrank4j.tests.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Footprints over a long training, and whether any part of them keeps growing. */
final class Soak {

    /** What is watched, and what it may grow by in {@link #REFERENCE} steps. */
    enum Part {
        /** Less than the smallest Java object, of 16 bytes, for each step. */
        HEAP("Java heap", "KiB", 1024, 1024, Footprint::heap),
        /** Less than one array in a thousand steps. */
        ARRAYS("off-heap arrays", "count", 1, 100, Footprint::arrays),
        /** Less than one float for each step. */
        WORKSPACES("workspaces", "KiB", 1024, 390, Footprint::workspaces),
        /** The C library's and the compiler's own memory move by some MiB, up and down. */
        RESIDENT("resident memory", "MiB", 1024 * 1024, 16, Footprint::resident),
        /** None. */
        THREADS("threads", "count", 1, 0.5, Footprint::threads),
        /** Some that the JVM makes itself, for lambdas and reflection that became hot. */
        CLASSES("classes", "count", 1, 50, Footprint::classes);

        private final String label;
        private final String unit;
        private final double bytes;
        private final double bound;
        private final ToDoubleFunction<Footprint> value;

        Part(String label, String unit, double bytes, double bound, ToDoubleFunction<Footprint> value) {
            this.label = label;
            this.unit = unit;
            this.bytes = bytes;
            this.bound = bound;
            this.value = value;
        }

        String label() {
            return label;
        }

        String unit() {
            return unit;
        }

        /** In {@link #unit}s for {@link #REFERENCE} steps. */
        double bound() {
            return bound;
        }

        double of(Footprint footprint) {
            return value.applyAsDouble(footprint) / bytes;
        }
    }

    /** Growth is told for so many steps, whatever was run. */
    static final int REFERENCE = 100_000;

    /** The first part of the samples is not judged: code is compiled, and buffers find their sizes. */
    static final double WARM_UP = 0.25;

    private final List<Long> steps = new ArrayList<>();
    private final List<Footprint> footprints = new ArrayList<>();

    /** Adds what was held after so many steps in all. */
    void add(long step, Footprint footprint) {
        steps.add(step);
        footprints.add(footprint);
    }

    /** Runs so many steps and takes so many samples. */
    static Soak of(WorkerArm arm, int steps, int samples) throws IOException {
        Soak soak = new Soak();
        long done = 0;
        for (int sample = 1; sample <= samples; sample++) {
            done += arm.advance((int) ((long) steps * sample / samples - done));
            soak.add(done, arm.footprint());
        }
        return soak;
    }

    /** In units of the part for {@link #REFERENCE} steps, after the warm-up. */
    double growth(Part part) {
        int first = first();
        double[] x = steps.stream().skip(first).mapToDouble(Long::doubleValue).toArray();
        double[] y = footprints.stream().skip(first).mapToDouble(part::of).toArray();
        return REFERENCE * Slope.of(x, y);
    }

    boolean grows(Part part) {
        return growth(part) > part.bound();
    }

    /** After the warm-up. */
    Footprint start() {
        return footprints.get(first());
    }

    Footprint end() {
        return footprints.get(footprints.size() - 1);
    }

    long steps() {
        return steps.get(steps.size() - 1);
    }

    private int first() {
        return (int) (WARM_UP * footprints.size());
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("steps", List.copyOf(steps));
        for (Part part : Part.values()) {
            json.put(part.label(), footprints.stream().map(part::of).toList());
        }
        return json;
    }
}
