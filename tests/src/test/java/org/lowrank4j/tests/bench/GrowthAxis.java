package org.lowrank4j.tests.bench;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** What is varied, one at a time, to see how the cost of a step grows. */
enum GrowthAxis {
    WIDTH("width", "dense", Workload::width, Workload::withWidth, 256, 512, 1024, 2048, 4096),
    BATCH("batch", "dense", Workload::batch, Workload::withBatch, 2, 8, 32, 128, 512),
    RANK("rank", "dense", Workload::rank, Workload::withRank, 2, 4, 8, 32, 128),
    LAYERS("adapted layers", "dense", Workload::depth, Workload::withDepth, 1, 2, 4, 8, 16),
    CHANNELS("channels", "conv", Workload::width, Workload::withWidth, 16, 32, 64, 128, 256),
    PIXELS("pixels on a side", "conv", Workload::size, Workload::withSize, 4, 8, 16, 32, 64),
    KERNEL("pixels on a filter's side", "conv", Workload::kernel, Workload::withKernel, 1, 3, 5, 7, 9),
    PICTURES("batch of pictures", "conv", Workload::batch, Workload::withBatch, 1, 2, 8, 16, 32),
    FILTERS("rank of a convolution", "conv", Workload::rank, Workload::withRank, 2, 4, 8, 16, 32),
    STEPS("time steps", "lstm", Workload::size, Workload::withSize, 5, 10, 25, 50, 100),
    TOKENS(
            "tokens of the vocabulary",
            "embedding",
            Workload::size,
            Workload::withSize,
            1000,
            5000,
            20_000,
            50_000,
            100_000);

    private final String label;
    private final String kind;
    private final ToIntFunction<Workload> value;
    private final BiFunction<Workload, Integer, Workload> with;
    private final int[] values;

    GrowthAxis(
            String label,
            String kind,
            ToIntFunction<Workload> value,
            BiFunction<Workload, Integer, Workload> with,
            int... values) {
        this.label = label;
        this.kind = kind;
        this.value = value;
        this.with = with;
        this.values = values;
    }

    String label() {
        return label;
    }

    boolean isDense() {
        return kind.equals("dense");
    }

    int of(Workload workload) {
        return value.applyAsInt(workload);
    }

    /** Whether it belongs to one of these networks. */
    boolean isOf(List<String> networks) {
        return isDense() ? networks.contains("mln") || networks.contains("cg") : networks.contains(kind);
    }

    /**
     * The workloads along the axis, ascending; for a quick look every other one.
     *
     * @param dense what is varied if it has dense layers; others have the sizes of their budgets, convolutions smaller ones
     */
    List<Workload> workloads(Workload dense, boolean quick) {
        Workload own = isDense() ? dense : Workloads.budgeted(kind).get(0);
        Workload centre = kind.equals("conv") ? own.withSize(16).withBatch(8) : own;
        return IntStream.range(0, values.length)
                .filter(i -> !quick || i % 2 == 0)
                .mapToObj(i -> with.apply(centre, values[i]))
                .toList();
    }
}
