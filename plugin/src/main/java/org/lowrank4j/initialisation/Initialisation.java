package org.lowrank4j.initialisation;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;

/**
 * How the factors A (nIn x r) and B (r x nOut) of a target weight start.
 *
 * <p>The weight that the network holds is always the effective one, so a start that the literature writes as
 * "W' = W - s A B, then train A and B" needs no change of W here: only a start whose {@link Factors#base()} is given
 * changes it.
 */
public interface Initialisation extends Method {

    /** What this start must know besides W. */
    enum Need {
        /** W and a random generator are enough. */
        WEIGHT,
        /** dL/dW over the calibration batches. */
        GRADIENT,
        /** The layer's inputs at inference over the calibration batches, through {@link #statistics}. */
        INPUTS
    }

    /** What {@link #start} will read; the engine provides nothing else. */
    default Need need() {
        return Need.WEIGHT;
    }

    /**
     * How many minibatches calibration reads at most, for a start that needs more than W. With more than one, the network
     * must be trained from an iterator, whose first batches are read ahead and then handed on as if nothing had happened.
     * By default as many as its option {@code batches} says, or 1 if it has none.
     */
    default int batches(OptionValues options) {
        return options.isDeclared("batches") ? options.positiveInt("batches") : 1;
    }

    /** The name of the only update that these factors fit; empty if they fit every update with two factors A and B. */
    default Optional<String> onlyUpdate() {
        return Optional.empty();
    }

    /** The largest rank that it can start a weight of that size with; 0 if there is none. */
    default long largestRank(long inputs, long outputs) {
        return Math.min(inputs, outputs);
    }

    /**
     * The rank of a target for which the rule gives none; empty, by default, for that of all others.
     *
     * @param target its key
     */
    default OptionalInt defaultRank(String target, OptionValues options) {
        return OptionalInt.empty();
    }

    /**
     * Why it cannot start a target, as a clause; empty, by default, if it can. Asked before training begins.
     *
     * @param target its key
     */
    default Optional<String> refusal(String target, OptionValues options) {
        return Optional.empty();
    }

    /** The numerator of the scale that this start is published with; empty for the update's own default. */
    default OptionalDouble defaultAlpha(int rank) {
        return OptionalDouble.empty();
    }

    /**
     * New, empty statistics of one target's inputs, for a start that needs {@link Need#INPUTS}. They come back in
     * {@link Start#statistics}.
     *
     * @param target its weight, rank (as the user asked for it) and options; not to be kept
     */
    default InputStatistics statistics(TargetWeight target) {
        throw new LowRankException(
                name() + " says that it needs the inputs of a layer, and keeps no statistics of them.");
    }

    /**
     * The rank of each target of a network that this start is used for, decided over all of them at once after calibration
     * and before {@link #start}. By default every target keeps its rank.
     *
     * @param starts what {@link #start} would get, with the ranks that the user asked for
     * @return one rank per entry; 0 leaves that weight frozen
     */
    default int[] ranks(List<Start> starts) {
        return starts.stream().mapToInt(Start::rank).toArray();
    }

    /**
     * Parameters besides the weights of its targets that this start replaces, such as an output layer that was trained in
     * full with the factors. Called once after the factors of all targets were computed and before any is in force; they
     * are put in force together, before the first step.
     *
     * @throws LowRankException if one does not fit the network, which is then as it was
     */
    default List<ReplacedParameter> alsoReplaces(NetworkStart start) {
        return List.of();
    }

    /** Computes the starting factors. May return arrays of any floating type; the engine copies them. */
    Factors start(Start start);
}
