package org.lowrank4j.compression;

import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Two networks for the same inputs. */
public final class ModelComparison {

    private static final int WARM_UP = 3;
    private static final int MOST_ROUNDS = 31;
    private static final int FEWEST_ROUNDS = 5;

    /** After so long no further round begins. */
    private static final long PATIENCE = 5_000_000_000L;

    private ModelComparison() {}

    /**
     * The medians of the times that each takes for the first minibatch of inputs, in seconds, measured by turns in one
     * thread of this program; each runs a few times before. What else the machine does meanwhile counts in both.
     */
    public static double[] seconds(Model one, Model other, Calibration sample) {
        Batch batch = sample.batches().get(0);
        List<ForwardPasses> both = List.of(ForwardPasses.of(one), ForwardPasses.of(other));
        for (int i = 0; i < WARM_UP; i++) {
            both.forEach(passes -> passes.outputs(batch));
        }
        long[][] times = new long[2][MOST_ROUNDS];
        long start = System.nanoTime();
        int rounds = 0;
        while (rounds < MOST_ROUNDS && (rounds < FEWEST_ROUNDS || System.nanoTime() - start < PATIENCE)) {
            for (int turn = 0; turn < 2; turn++) {
                int which = (rounds + turn) % 2;
                long begin = System.nanoTime();
                both.get(which).outputs(batch);
                times[which][rounds] = System.nanoTime() - begin;
            }
            rounds++;
        }
        return new double[] {median(times[0], rounds), median(times[1], rounds)};
    }

    private static double median(long[] times, int count) {
        long[] sorted = Arrays.copyOf(times, count);
        Arrays.sort(sorted);
        return sorted[count / 2] * 1e-9;
    }

    /**
     * The share of classes that the first output of a network gets right, 0 to 1.
     *
     * @throws LowRankException if the data have no labels, or not of classes (one 1 among zeros)
     */
    public static double accuracy(Model network, Calibration data) {
        if (!isOfClasses(data)) {
            throw new LowRankException("Accuracy needs labels of classes, a 1 in the place of the class and 0 in all"
                    + " others, and the data have " + (data.hasLabels() ? "others." : "none."));
        }
        ForwardPasses passes = ForwardPasses.of(network);
        Evaluation evaluation = new Evaluation();
        for (Batch batch : data.batches()) {
            INDArray[] labels = batch.labels();
            INDArray[] masks = batch.labelMasks();
            if (labels != null) {
                evaluation.eval(labels[0], passes.outputs(batch)[0], masks == null ? null : masks[0]);
            }
        }
        return evaluation.accuracy();
    }

    /** Whether the labels of the first output say of which class an example is. */
    public static boolean isOfClasses(Calibration data) {
        return data.hasLabels() && data.batches().stream().allMatch(batch -> isOfClasses(batch.labels()));
    }

    private static boolean isOfClasses(INDArray @Nullable [] labels) {
        if (labels == null || labels[0].rank() < 2 || labels[0].size(1) < 2) {
            return false;
        }
        // Steps that a mask hides may be all zeros.
        INDArray sums = labels[0].sum(1);
        INDArray squares = labels[0].mul(labels[0]).sum(1);
        double far = sums.sub(squares).amaxNumber().doubleValue()
                + sums.mul(sums.rsub(1)).amaxNumber().doubleValue();
        return far < 1e-6;
    }
}
