package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What a method keeps for one target besides W, the gradient vector and the updater's state, worked out from sizes before
 * any of it is taken; and the tensors that it trains, which those two follow from. Work arrays that do not outlive a step
 * are not in it.
 *
 * <p>Formulas count entries of W's type, with n = nIn, m = nOut and rank r.
 *
 * @param trained shapes of the tensors that the updater trains
 * @param terms what is kept
 */
public record Footprint(List<long[]> trained, List<Term> terms) {

    /**
     * Some arrays.
     *
     * @param formula in n, m and r, for reports; empty for a few counters
     * @param bytes of them all
     * @param sharedAs a name where all targets of a network with this update keep them together, else empty
     * @param ofSidePath whether only a {@link SidePath} keeps them, from when it first opens
     */
    public record Term(String formula, long bytes, String sharedAs, boolean ofSidePath) {}

    /** Nothing but the tensors' gradients. */
    public static Footprint of(long[]... trained) {
        return new Footprint(List.of(trained), List.of());
    }

    /** With more entries of a type. */
    public Footprint plus(String formula, long entries, DataType type) {
        return with(new Term(formula, entries * type.width(), "", false));
    }

    /** With what the update's side path keeps. */
    public Footprint plusSidePath(String formula, long entries, DataType type) {
        return with(new Term(formula, entries * type.width(), "", true));
    }

    /** What is kept where the side path is never opened. */
    public Footprint withoutSidePath() {
        return new Footprint(
                trained, terms.stream().filter(term -> !term.ofSidePath()).toList());
    }

    /** With entries that all targets of a network keep together under that name. */
    public Footprint plusShared(String name, String formula, long entries, DataType type) {
        return with(new Term(formula, entries * type.width(), name, false));
    }

    /** With whole numbers and other scalars of eight bytes. */
    public Footprint plusCounters(long count) {
        return with(new Term("", count * Long.BYTES, "", false));
    }

    /** The same things kept, with other tensors trained. */
    public Footprint training(long[]... tensors) {
        return new Footprint(List.of(tensors), terms);
    }

    private Footprint with(Term term) {
        List<Term> more = new ArrayList<>(terms);
        more.add(term);
        return new Footprint(trained, List.copyOf(more));
    }

    /** Bytes of one target alone in its network. */
    public long bytes() {
        return terms.stream().mapToLong(Term::bytes).sum();
    }

    /** Entries of one target by formula, 0 for none. */
    public String formula() {
        String sum = terms.stream()
                .map(Term::formula)
                .filter(formula -> !formula.isEmpty())
                .collect(Collectors.joining(" + "));
        return sum.isEmpty() ? "0" : sum;
    }
}
