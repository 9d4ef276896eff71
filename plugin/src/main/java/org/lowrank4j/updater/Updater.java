package org.lowrank4j.updater;

import java.util.EnumSet;
import java.util.Set;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replicable;
import org.lowrank4j.method.Replication;

/**
 * An updater for everything that trains, in the place of the one in the network's configuration: factors, vectors and
 * layers that train in full alike. Learning rate and schedule stay those of the configuration, and so do l1, l2, weight
 * decay, clipping and normalisation of gradients. It is there in training only and is part of no configuration.
 *
 * <p>An entry is one trained number. Steps go through them in pieces, which may come in any order and be of several
 * tensors; all arithmetic is in double precision, whatever the type of the network.
 */
public interface Updater extends Replicable {

    /** How many numbers it keeps for each entry, 0 at first. */
    int arrays();

    /**
     * Its steps for one network.
     *
     * @param kept where all that it keeps of the network as a whole is declared
     */
    Steps steps(OptionValues options, Kept kept);

    /** Whether the steps of all entries depend on one number that is found with them; by default they do not. */
    default boolean ofWholeNetwork() {
        return false;
    }

    /** {@inheritDoc} Here all, but for one of the whole network: what that finds, each replica would find for itself. */
    @Override
    default Set<Replication> replicates() {
        return ofWholeNetwork() ? Set.of(Replication.GRADIENTS) : EnumSet.allOf(Replication.class);
    }

    /** What it does at each step. */
    interface Steps {

        /**
         * Turns gradients into steps, which are subtracted from the entries.
         *
         * @param entries gradients, of the minibatch's mean, to be replaced by the steps
         * @param arrays what is kept for the entries, to be brought up to date
         * @param count of entries, from the first of each array on
         * @param rate of {@link #rate}
         * @param t the step, from 1 on
         */
        void step(double[] entries, double[][] arrays, int count, double rate, long t);

        /**
         * The learning rate of a step, by which decoupled weight decay is multiplied too.
         *
         * @param configured by the network's own updater at this step, 1 where it has none
         */
        default double rate(double configured, long t) {
            return configured;
        }

        /** Whether {@link #rate} goes by the configured one; by default it does. */
        default boolean goesByConfiguredRate() {
            return true;
        }

        /**
         * Called when all entries of the network have had their step and its decay.
         *
         * @return whether {@link #correct} is to be called for all of them; by default it is not
         */
        default boolean allSeen(long t) {
            return false;
        }

        /** Changes steps by what was learned from all entries; parameters as of {@link #step}, entries being steps. */
        default void correct(double[] entries, double[][] arrays, int count, double rate, long t) {}
    }
}
