package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;

/** The workloads of the step benchmark: every combination of what the settings list, or a star around its first entries. */
final class Workloads {

    private Workloads() {}

    /** The first entry of every list. */
    static Workload centre(SpeedSettings settings) {
        return new Workload(
                settings.networks().get(0),
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
        List<Workload> centre = List.of(centre(settings));
        List<Workload> budgeted = times(
                times(centre, settings.networks(), Workload::withNetwork), settings.batches(), Workload::withBatch);
        if (settings.combineAll()) {
            List<Workload> all = times(budgeted, settings.widths(), Workload::withWidth);
            all = times(all, settings.ranks(), Workload::withRank);
            all = times(all, settings.updaters(), Workload::withUpdater);
            return times(all, settings.fits(), Workload::withFit);
        }
        Set<Workload> star = new LinkedHashSet<>(budgeted);
        star.addAll(times(centre, settings.fits(), Workload::withFit));
        star.addAll(times(centre, settings.updaters(), Workload::withUpdater));
        star.addAll(times(centre, settings.ranks(), Workload::withRank));
        star.addAll(times(centre, settings.widths(), Workload::withWidth));
        return List.copyOf(star);
    }

    private static <T> List<Workload> times(
            List<Workload> workloads, List<T> values, BiFunction<Workload, T, Workload> with) {
        List<Workload> product = new ArrayList<>();
        for (Workload workload : workloads) {
            values.forEach(value -> product.add(with.apply(workload, value)));
        }
        return product;
    }
}
