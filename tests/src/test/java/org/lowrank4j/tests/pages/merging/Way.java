package org.lowrank4j.tests.pages.merging;

import java.util.List;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Combination;
import org.lowrank4j.adapter.Combination.Weighted;

/** A way to make one adapter of several, of equal weight. */
enum Way {
    LINEAR("linear", "the factors added up", false) {
        @Override
        Adapter merge(List<Weighted> adapters, double density, int rank) {
            return Combination.linear(adapters);
        }
    },
    TIES("TIES", "of the factors (arXiv 2306.01708)", true) {
        @Override
        Adapter merge(List<Weighted> adapters, double density, int rank) {
            return Combination.ties(adapters, density);
        }
    },
    DARE("DARE", "of the factors (arXiv 2311.03099), then added up", true) {
        @Override
        Adapter merge(List<Weighted> adapters, double density, int rank) {
            return Combination.dare(adapters, density, SEED);
        }
    },
    TIES_OF_UPDATES("TIES of updates", "of the changes of W, then an SVD to the same rank", true) {
        @Override
        Adapter merge(List<Weighted> adapters, double density, int rank) {
            return Combination.tiesOfUpdates(adapters, density, rank);
        }
    },
    DARE_OF_UPDATES("DARE of updates", "of the changes of W, added up, then an SVD to the same rank", true) {
        @Override
        Adapter merge(List<Weighted> adapters, double density, int rank) {
            return Combination.dareOfUpdates(adapters, density, SEED, rank);
        }
    },
    SVD("SVD", "the sum of the changes, cut to the same rank", false) {
        @Override
        Adapter merge(List<Weighted> adapters, double density, int rank) {
            return Combination.truncated(adapters, rank);
        }
    },
    CONCATENATION("concatenation", "the sum of the changes, exactly", false) {
        @Override
        Adapter merge(List<Weighted> adapters, double density, int rank) {
            return Combination.concatenated(adapters);
        }
    };

    private static final long SEED = 1;

    final String title;
    final String note;

    /** Whether it keeps only a part of the entries, the density. */
    final boolean thins;

    Way(String title, String note, boolean thins) {
        this.title = title;
        this.note = note;
        this.thins = thins;
    }

    /**
     * One adapter.
     *
     * @param density what to keep of the entries, if this way {@link #thins}
     * @param rank of the result, where the way can choose it
     */
    abstract Adapter merge(List<Weighted> adapters, double density, int rank);
}
