package org.lowrank4j.command.work;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;

/**
 * Finds which learning rate (and rank) of a grid comes furthest, with few steps: every third rate with a sixteenth of them;
 * from the best of these, with a quarter, along the grid for as long as a neighbour is better; and the best two in full.
 *
 * <p>It is successive halving (arXiv 1502.07943) for what has one valley. Short trials prefer other rates than long ones, and
 * minibatches make noise: so the first round only says where to look, the second one looks at the neighbours on both sides,
 * and in the last one the second best wins only by more than noise.
 */
public final class GridSearch {

    /** A round has this many times the steps of the one before. */
    public static final int QUARTER = 4;

    private static final int ROUNDS = 3;

    /** Of the rates that the first round tries, beginning with the second: the others are next to one of these. */
    private static final int STRIDE = 3;

    /** A loss that is at least this part of another one is not better. */
    private static final double NOISE = 0.99;

    private final List<Double> rates;
    private final List<@Nullable Integer> ranks;
    private final int steps;
    private final Trials trials;
    private final Map<Candidate, Double> quarters = new LinkedHashMap<>();

    /**
     * What is tried.
     *
     * @param rank null for that of the job
     */
    public record Candidate(double rate, @Nullable Integer rank) {

        /** As a rule says it. */
        public String settings() {
            return "rate=" + Double.toString(rate) + (rank == null ? "" : ",rank=" + rank);
        }
    }

    /** How far a candidate comes. */
    @FunctionalInterface
    public interface Trials {

        /** The mean loss of the last quarter of a number of steps; infinite if one was not finite. */
        double loss(Candidate candidate, int steps) throws IOException;
    }

    /**
     * A search.
     *
     * @param rates in any order
     * @param ranks empty for that of the job
     * @param steps of the longest trials
     * @param trials asked again for what they were asked before
     */
    public GridSearch(List<Double> rates, List<Integer> ranks, int steps, Trials trials) {
        this.rates = List.copyOf(new TreeSet<>(rates));
        this.ranks = new ArrayList<>(new TreeSet<>(ranks));
        if (ranks.isEmpty()) {
            this.ranks.add(null);
        }
        this.steps = steps;
        this.trials = trials;
    }

    /**
     * Runs the trials.
     *
     * @throws LowRankException if the loss was finite with none
     */
    public Candidate best() throws IOException {
        Candidate best = climb(start());
        List<Candidate> inOrder = quarters.keySet().stream()
                .sorted(Comparator.<Candidate>comparingDouble(quarters::get)
                        .thenComparing(candidate -> candidate.equals(best) ? 0 : 1))
                .toList();
        Candidate found = null;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < inOrder.size() && (i < 2 || found == null); i++) {
            double loss = trials.loss(inOrder.get(i), steps);
            if (Double.isFinite(loss) && (found == null || loss < NOISE * least)) {
                found = inOrder.get(i);
                least = loss;
            }
        }
        if (found == null) {
            throw new LowRankException(
                    "The loss was finite with none of the candidates. Look at the job, or take lower rates.");
        }
        return found;
    }

    private int steps(int round) {
        return Math.min(steps, Math.max(2, (int) (steps / Math.pow(QUARTER, ROUNDS - round))));
    }

    private Candidate start() throws IOException {
        Candidate best = null;
        double least = Double.POSITIVE_INFINITY;
        for (int i = Math.min(1, rates.size() - 1); i < rates.size(); i += STRIDE) {
            for (Integer rank : ranks) {
                Candidate candidate = new Candidate(rates.get(i), rank);
                double loss = trials.loss(candidate, steps(1));
                if (best == null || loss < least) {
                    best = candidate;
                    least = loss;
                }
            }
        }
        return Objects.requireNonNull(best);
    }

    /** Of losses that are not finite the one at the lower rate is better. */
    private Candidate climb(Candidate from) throws IOException {
        Candidate best = from;
        quarter(best);
        while (true) {
            Candidate next = best;
            for (Candidate neighbour : neighbours(best)) {
                double difference = quarter(neighbour) - quarter(next);
                if (difference < 0 || Double.isNaN(difference) && neighbour.rate() < next.rate()) {
                    next = neighbour;
                }
            }
            if (next.equals(best)) {
                return best;
            }
            best = next;
        }
    }

    private double quarter(Candidate candidate) throws IOException {
        Double known = quarters.get(candidate);
        if (known == null) {
            known = trials.loss(candidate, steps(2));
            quarters.put(candidate, known);
        }
        return known;
    }

    /** Those around it, at other ranks and rates at once too: the best rate is another one at another rank. */
    private List<Candidate> neighbours(Candidate candidate) {
        int rate = rates.indexOf(candidate.rate());
        int rank = ranks.indexOf(candidate.rank());
        List<Candidate> neighbours = new ArrayList<>();
        for (int i = Math.max(0, rate - 1); i <= Math.min(rate + 1, rates.size() - 1); i++) {
            for (int j = Math.max(0, rank - 1); j <= Math.min(rank + 1, ranks.size() - 1); j++) {
                if (i != rate || j != rank) {
                    neighbours.add(new Candidate(rates.get(i), ranks.get(j)));
                }
            }
        }
        return neighbours;
    }

    /** All candidates, by rate. */
    public List<Candidate> grid() {
        List<Candidate> all = new ArrayList<>();
        rates.forEach(rate -> ranks.forEach(rank -> all.add(new Candidate(rate, rank))));
        return all;
    }

    /** Whether a better rate may lie beyond the grid. */
    public boolean isEdge(double rate) {
        return rates.size() > 1 && (rate == rates.get(0) || rate == rates.get(rates.size() - 1));
    }
}
