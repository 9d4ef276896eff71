package org.lowrank4j.tests.pages.merging;

import digits.DigitSet;
import digits.Digits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Combination;
import org.lowrank4j.adapter.Combination.Weighted;
import org.lowrank4j.tests.pages.Progress;
import org.lowrank4j.tests.pages.Task;

/** Merges a set of adapters in every way and measures what comes out on every task. */
final class Merges {

    private final Merging settings;
    private final Map<String, Adapter> adapters;
    private final Progress progress;
    private final Accuracy accuracy;
    private final DigitSet upright;
    private final List<DigitSet> validation;
    private final List<DigitSet> test;
    private final List<Row> rows = new ArrayList<>();

    /**
     * Reads the digits.
     *
     * @param adapters by name, in the order of the tasks
     */
    Merges(Merging settings, MultiLayerNetwork base, Map<String, Adapter> adapters, Progress progress)
            throws IOException {
        this.settings = settings;
        this.adapters = adapters;
        this.progress = progress;
        this.accuracy = new Accuracy(base);
        Digits digits = Digits.load(settings.settings().data());
        this.upright = digits.test().first(settings.test());
        DigitSet aside = digits.train().first(settings.validation());
        this.validation = turned(aside);
        this.test = turned(upright);
    }

    private List<DigitSet> turned(DigitSet digits) {
        return settings.angles().stream()
                .map(angle -> Task.turned(angle).of(digits))
                .toList();
    }

    /** All of it. */
    Results measure() {
        rows.add(new Row(Row.Kind.BASE, "base", "no adapter", 0, accuracy.ofBase(test)));
        for (Way way : Way.values()) {
            one(way);
        }
        List<Reconstruction> reconstructions = reversible();
        truncated();
        List<Adapter> all = List.copyOf(adapters.values());
        rows.add(new Row(
                Row.Kind.SEPARATE,
                "separate adapters",
                "rank " + settings.rank(),
                numbers(all),
                accuracy.ofEach(all, test)));
        return new Results(accuracy.ofBase(List.of(upright))[0], List.copyOf(rows), reconstructions);
    }

    private void one(Way way) {
        progress.begin(way.title);
        Tuning.Choice choice = Tuning.best(
                way, adapters.values(), settings.rank(), adapter -> Accuracy.mean(accuracy.ofOne(adapter, validation)));
        rows.add(new Row(
                Row.Kind.ONE,
                way.title,
                choice.shown(),
                choice.adapter().factorCount(),
                accuracy.ofOne(choice.adapter(), test)));
        progress.end(outcome());
    }

    private List<Reconstruction> reversible() {
        progress.begin("reversible merges");
        List<Reconstruction> reconstructions = new ArrayList<>();
        int most = Math.min(settings.rank(), adapters.size() - 1);
        for (int basis = 1; basis <= most; basis++) {
            Reconstruction reconstruction = Reconstruction.of(adapters, basis);
            reconstructions.add(reconstruction);
            rows.add(new Row(
                    Row.Kind.REVERSIBLE,
                    "RMM",
                    "p = " + basis,
                    reconstruction.numbers(),
                    accuracy.ofEach(reconstruction.rebuilt(), test)));
        }
        progress.end(outcome());
        return reconstructions;
    }

    private void truncated() {
        progress.begin("truncations");
        for (int rank : ranks(settings.rank(), adapters.size())) {
            List<Adapter> cut = adapters.values().stream()
                    .map(adapter -> Combination.truncated(List.of(new Weighted(adapter, 1)), rank))
                    .toList();
            rows.add(new Row(
                    Row.Kind.TRUNCATED, "each cut by SVD", "rank " + rank, numbers(cut), accuracy.ofEach(cut, test)));
        }
        progress.end(outcome());
    }

    /** Below the adapters' rank: 1, 2, and the highest that takes no more storage than each reversible merge. */
    static SortedSet<Integer> ranks(int rank, int tasks) {
        SortedSet<Integer> ranks = new TreeSet<>(List.of(1, 2));
        for (int basis = 1; basis < tasks; basis++) {
            // A position holds r (mean), p r (basis) and p n (coefficients) numbers, and n q after a cut to q.
            ranks.add((rank + basis * (rank + tasks)) / tasks);
        }
        return ranks.headSet(rank);
    }

    private static long numbers(List<Adapter> adapters) {
        return adapters.stream().mapToLong(Adapter::factorCount).sum();
    }

    private String outcome() {
        Row last = rows.get(rows.size() - 1);
        return String.format(Locale.ROOT, "%s, mean accuracy %.2f %%", last.settings(), 100 * last.mean());
    }
}
