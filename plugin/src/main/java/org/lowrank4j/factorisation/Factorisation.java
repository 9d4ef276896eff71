package org.lowrank4j.factorisation;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.OptionValues;

/**
 * How one trained layer x -&gt; x W + b is written as two: x -&gt; x A, and then the layer itself with B in the place of W, so
 * that a smaller and faster network stands for it without more training.
 *
 * <p>Unlike the other methods it is not named in a rule: it is what {@code compress --method} and {@link
 * org.lowrank4j.compression.Compression} take. One of a user is a class and a line in {@code
 * META-INF/services/org.lowrank4j.factorisation.Factorisation}.
 */
public interface Factorisation extends Method {

    /** What a method has to know of a layer besides its weight and bias. */
    enum Need {
        NOTHING,
        /** Mean and covariance of x W + b over data. */
        OUTPUTS,
        /** The mean square of dL/dW over single examples with labels. */
        GRADIENTS
    }

    /** What it has to know with these options; by default nothing. */
    default Need need(OptionValues options) {
        return Need.NOTHING;
    }

    /**
     * The factors of a layer at each rank.
     *
     * @param layer with what {@link #need} asks for
     * @throws org.lowrank4j.LowRankException if an entry is not finite
     */
    RankedFactors factors(WholeLayer layer, OptionValues options);

    /** How many numbers two layers have at a rank in the place of W, biases that the layer does not have among them. */
    default long numbers(WholeLayer layer, int rank) {
        return rank * (layer.inputs() + layer.outputs());
    }

    /**
     * The largest rank at which two layers are taken in the place of a layer, 0 or less for none; by default the largest
     * with fewer {@link #numbers} than W.
     */
    default long largestRank(WholeLayer layer) {
        long always = numbers(layer, 0);
        return Math.floorDiv(layer.numbers() - 1 - always, numbers(layer, 1) - always);
    }

    /** The rank that the method itself gives a layer, 0 to leave it whole; null, by default, if it gives none. */
    default @Nullable Integer ownRank(WholeLayer layer, OptionValues options) {
        return null;
    }

    /**
     * Whether W of a two-dimensional convolution is (channel, y) x (filter, x), so that the two layers have filters of one
     * column and of one row; by default it is (channel, y, x) x filter, and they have filters of its size and of one pixel.
     */
    default boolean spatial() {
        return false;
    }
}
