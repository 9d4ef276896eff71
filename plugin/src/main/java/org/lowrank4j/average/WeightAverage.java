package org.lowrank4j.average;

import java.util.EnumSet;
import java.util.Set;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replicable;
import org.lowrank4j.method.Replication;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An average over the steps of training of all that trains, which stands in its place between two calls of {@code fit}: what
 * a program evaluates, saves and hands on is the average, and training goes on from where it was, as if there were none,
 * unless the method says that it goes on from the average.
 *
 * <p>It is taken of the tensors that an update trains, where their mean is the update's (A and B of LoRA, magnitudes, cores),
 * else of W itself, which takes as many arrays of the size of W as it keeps, and one more. Of biases and of layers that train
 * in full it is taken, too, running statistics of batch normalisation among them.
 */
public interface WeightAverage extends Replicable {

    /** The average as the options want it. */
    Mean mean(OptionValues options);

    /** {@inheritDoc} Here steps and gradients: replicas that move alike have one average. */
    @Override
    default Set<Replication> replicates() {
        return EnumSet.of(Replication.GRADIENTS, Replication.STEPS);
    }

    /** How the average of one array follows it. */
    interface Mean {

        /** How many arrays of its size it keeps. Before the first step all of them are what the array starts with. */
        int copies();

        /**
         * After a step that counts.
         *
         * @param trained the array, of any shape
         * @param copies what is kept, of its shape
         * @param step from 1 on
         * @param examples of its minibatch
         */
        void follow(INDArray trained, INDArray[] copies, long step, int examples);

        /**
         * Writes the average.
         *
         * @param to has the array itself, and gets the average
         * @param step the last one that was followed
         */
        void write(INDArray[] copies, long step, INDArray to);

        /** What is to be known of each copy to make another average of them, see {@link PostHocEma}. By default nothing. */
        default double[] widths() {
            return new double[0];
        }

        /** Whether training goes on from the average with the first step of every epoch but the first. By default not. */
        default boolean replacesAtEpochs() {
            return false;
        }

        /**
         * Whether training goes on from the average after this step. By default not.
         *
         * @param step the last one that was followed
         */
        default boolean replacesAfter(long step) {
            return false;
        }
    }
}
