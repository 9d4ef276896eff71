package org.lowrank4j.tests.bench;

import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** What is varied, one at a time, to see how the cost of a step grows. */
enum GrowthAxis {
    WIDTH("width", Workload::width, List.of(256, 512, 1024, 2048, 4096)) {
        @Override
        Workload at(Workload centre, int value) {
            return centre.withWidth(value);
        }
    },
    BATCH("batch", Workload::batch, List.of(2, 8, 32, 128, 512)) {
        @Override
        Workload at(Workload centre, int value) {
            return centre.withBatch(value);
        }
    },
    RANK("rank", Workload::rank, List.of(2, 4, 8, 32, 128)) {
        @Override
        Workload at(Workload centre, int value) {
            return centre.withRank(value);
        }
    },
    LAYERS("adapted layers", Workload::depth, List.of(1, 2, 4, 8, 16)) {
        @Override
        Workload at(Workload centre, int value) {
            return centre.withDepth(value);
        }
    };

    private final String label;
    private final ToIntFunction<Workload> value;
    private final List<Integer> values;

    GrowthAxis(String label, ToIntFunction<Workload> value, List<Integer> values) {
        this.label = label;
        this.value = value;
        this.values = values;
    }

    String label() {
        return label;
    }

    int of(Workload workload) {
        return value.applyAsInt(workload);
    }

    /** The workloads along the axis, ascending; for a quick look every other one. */
    List<Workload> workloads(Workload centre, boolean quick) {
        return IntStream.range(0, values.size())
                .filter(i -> !quick || i % 2 == 0)
                .mapToObj(i -> at(centre, values.get(i)))
                .toList();
    }

    abstract Workload at(Workload centre, int value);
}
