package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * The workloads of the step benchmark. Of dense layers: every combination of what the settings list, or a star around its
 * first entries. Of other networks those that the budgets are about, with what the settings give in the place of their own
 * values.
 */
final class Workloads {

    private Workloads() {}

    /** The first entry of every list, of dense layers. */
    static Workload centre(SpeedSettings settings) {
        return new Workload(
                "mln",
                settings.widths().get(0),
                settings.batches().get(0),
                settings.depth(),
                settings.ranks().get(0),
                settings.updaters().get(0),
                settings.fits().get(0));
    }

    /**
     * All combinations; or else those of networks and batches at the centre, which the budgets are about, and every other
     * entry with the centre's other values.
     */
    static List<Workload> of(SpeedSettings settings) {
        Workload centre = centre(settings);
        List<String> dense = settings.networks().stream()
                .filter(network -> centre.withNetwork(network).isDense())
                .toList();
        Set<Workload> all = new LinkedHashSet<>(dense.isEmpty() ? List.of() : dense(settings, centre, dense));
        settings.networks().stream()
                .filter(network -> !dense.contains(network))
                .forEach(network -> all.addAll(given(settings, budgeted(network))));
        return List.copyOf(all);
    }

    private static Set<Workload> dense(SpeedSettings settings, Workload middle, List<String> networks) {
        List<Workload> centre = List.of(middle.withNetwork(networks.get(0)));
        List<Workload> budgeted =
                times(times(centre, networks, Workload::withNetwork), settings.batches(), Workload::withBatch);
        if (settings.combineAll()) {
            List<Workload> all = times(budgeted, settings.widths(), Workload::withWidth);
            all = times(all, settings.ranks(), Workload::withRank);
            all = times(all, settings.updaters(), Workload::withUpdater);
            return new LinkedHashSet<>(times(all, settings.fits(), Workload::withFit));
        }
        Set<Workload> star = new LinkedHashSet<>(budgeted);
        star.addAll(times(centre, settings.fits(), Workload::withFit));
        star.addAll(times(centre, settings.updaters(), Workload::withUpdater));
        star.addAll(times(centre, settings.ranks(), Workload::withRank));
        star.addAll(times(centre, settings.widths(), Workload::withWidth));
        return star;
    }

    /** What the budgets are about. */
    static List<Workload> budgeted(String network) {
        return switch (network) {
            case "conv", "conv-frozen" ->
                List.of(row(network, 64, 2, 32, 3), row(network, 64, 2, 32, 1), row(network, 256, 2, 8, 3));
            case "depthwise-frozen" -> List.of(row(network, 96, 1, 48, 3));
            case "depthwise" -> List.of(row(network, 64, 4, 16, 3));
            case "batchnorm-frozen" -> List.of(row(network, 64, 4, 32, 1));
            case "lstm" -> List.of(row(network, 256, 2, 50, 1));
            case "embedding" -> List.of(row(network, 256, 1, 20_000, 1));
            case "resnet50", "mobilenetv2" -> List.of(row(network, 1, 1, 96, 1).withBatch(16));
            default -> throw new IllegalArgumentException("no network of the benchmarks: " + network);
        };
    }

    /** Whether a workload is one of those, whatever its fit. */
    static boolean isBudgeted(Workload workload) {
        return !workload.isDense() && budgeted(workload.network()).contains(workload.withFit("iterator"));
    }

    private static Workload row(String network, int width, int depth, int size, int kernel) {
        return new Workload(network, width, 32, depth, 8, "adam", "iterator", size, kernel);
    }

    private static List<Workload> given(SpeedSettings settings, List<Workload> own) {
        List<Workload> all = times(own, settings.given().widths(), Workload::withWidth);
        all = times(all, settings.given().batches(), Workload::withBatch);
        all = times(all, settings.given().ranks(), Workload::withRank);
        all = times(all, settings.given().fits(), Workload::withFit);
        return times(all, settings.given().sizes(), Workload::withSize);
    }

    /** Each with each; as they are where there is nothing to take them times. */
    private static <T> List<Workload> times(
            List<Workload> workloads, List<T> values, BiFunction<Workload, T, Workload> with) {
        if (values.isEmpty()) {
            return workloads;
        }
        List<Workload> product = new ArrayList<>();
        for (Workload workload : workloads) {
            values.forEach(value -> product.add(with.apply(workload, value)));
        }
        return product;
    }
}
