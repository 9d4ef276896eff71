package org.lowrank4j.update;

import java.util.List;
import java.util.Set;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Switch EMA (arXiv 2402.09240, algorithm 1): W itself is trained, an exponential moving average of it is kept, and from
 * time to time training goes on from the average; the updater keeps its state.
 *
 * <pre>
 * after each step:     EMA = mu EMA + (1 - mu) W        EMA = W at the start
 * at each switch:      W = EMA
 * </pre>
 *
 * <p>{@code switch=epoch}, as published, switches before the first step of every epoch but the first, as the network counts
 * epochs. {@code switch=N} switches at the end of every N-th step, so that the network is its average there; use it where
 * the program trains without an iterator, and with N the number of steps of an epoch to end the last one averaged.
 *
 * <p>{@code warmup} lets the average follow W faster at first, as the released classification hook does. With t the number of
 * steps taken before this one, T = {@code warmup-steps} and q = {@code warmup-ratio}, the steps t = 0 to T use in mu's place
 *
 * <pre>
 * constant:  q mu
 * linear:    (1 - (1 - t / T) (1 - q)) mu
 * exp:       q^(1 - t / T) mu
 * </pre>
 *
 * <p>The average must have followed W before it replaces it: 1 / (1 - mu) is to be much less than the number of steps between
 * two switches, or training stands still. mu = 0 is ordinary training.
 *
 * <p>What a program writes to W meanwhile is its average there, too, so that a switch keeps it.
 *
 * <p>{@code rank}, {@code alpha} and {@code scaling} have no effect. Memory besides ordinary training: two arrays of the size
 * of W, the average and W as the last step left it.
 */
public final class SwitchEma implements WeightUpdate {

    private static final String SWITCH = "switch";
    private static final String WARMUP = "warmup";
    private static final String WARMUP_STEPS = "warmup-steps";
    private static final String WARMUP_RATIO = "warmup-ratio";

    @Override
    public String name() {
        return "switch-ema";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("mu", "0.9999", "how much of the average stays in each step, less than 1"),
                new MethodOption(WARMUP, "none", "how mu starts: none, constant, linear or exp"),
                new MethodOption(WARMUP_STEPS, "0", "the steps that mu takes to start; above 0 with warmup"),
                new MethodOption(WARMUP_RATIO, "0.9", "the factor of mu at the start, above 0 and at most 1"),
                new MethodOption(SWITCH, "epoch", "when W becomes its average: epoch, or a number of steps"));
    }

    @Override
    public WeightTarget attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        int interval = options.text(SWITCH).equals("epoch") ? 0 : options.positiveInt(SWITCH);
        return new Target(target, memory(options.belowOne("mu"), options), interval);
    }

    private static Memory memory(double mu, OptionValues options) {
        Memory.Warmup warmup = options.choice(WARMUP, Memory.Warmup.class);
        int steps = options.wholeNumber(WARMUP_STEPS);
        double ratio = options.positiveDouble(WARMUP_RATIO);
        if (ratio > 1) {
            throw new LowRankException("switch-ema.warmup-ratio=" + options.text(WARMUP_RATIO)
                    + " is refused: a warm-up starts below mu. It must be a number above 0 and at most 1.");
        }
        if ((warmup == Memory.Warmup.NONE) != (steps == 0)) {
            throw new LowRankException("switch-ema.warmup=" + options.text(WARMUP) + " and switch-ema.warmup-steps="
                    + options.text(WARMUP_STEPS) + " do not go together: a warm-up (constant, linear or exp) takes at"
                    + " least one step, and without one there are no steps. Set both or neither.");
        }
        return new Memory(mu, warmup, steps, ratio);
    }

    /**
     * How much of the average stays in each step.
     *
     * @param mu after the warm-up, from 0 to below 1
     * @param steps T, above 0 unless there is no warm-up
     * @param ratio q, above 0 and at most 1
     */
    record Memory(double mu, Warmup warmup, int steps, double ratio) {

        /** How mu starts. */
        enum Warmup {
            NONE,
            CONSTANT,
            LINEAR,
            EXP
        }

        /**
         * What takes mu's place.
         *
         * @param taken steps taken before this one
         */
        double at(long taken) {
            if (taken > steps) {
                return mu;
            }
            double left = 1 - (double) taken / steps;
            return switch (warmup) {
                case NONE -> mu;
                case CONSTANT -> ratio * mu;
                case LINEAR -> (1 - left * (1 - ratio)) * mu;
                case EXP -> Math.pow(ratio, left) * mu;
            };
        }
    }

    /**
     * One weight, its average, and the weight as the last step left it: where a program has written to W since then, the
     * average is what it wrote, so that a switch does not undo it.
     */
    private static final class Target extends WeightTarget {

        private static final long NONE = -1;

        private final INDArray weight;
        private final Memory memory;
        private final int interval;
        private final INDArray average;
        private final INDArray left;
        private final KeptNumber step;
        /** The epoch of the last step, {@link #NONE} before the first. */
        private final KeptNumber epoch;

        private long begun = NONE;
        private boolean switched;

        /** @param interval steps between two switches, 0 to switch with the epochs */
        Target(TargetWeight target, Memory memory, int interval) {
            super(target);
            this.memory = memory;
            this.interval = interval;
            weight = target.weight();
            average = kept().array("average", 'f', weight.shape());
            left = kept().array("left", 'f', weight.shape());
            step = kept().number("step", 0);
            epoch = kept().number("epoch", NONE);
        }

        @Override
        public void start() {
            average.assign(weight);
            left.assign(weight);
        }

        @Override
        public void beforeForward(int iteration, int epochOfStep) {
            follow();
            begun = epochOfStep;
            if (interval == 0 && epoch.get() != NONE && begun != epoch.get()) {
                switched = true;
                swap();
            }
        }

        /** Between here and the end of the step, {@link #left} holds differences. */
        private void follow() {
            left.subi(weight);
            if (Blas.asum(left) != 0) {
                INDArray written = left.neq(0).castTo(weight.dataType());
                average.muli(written.rsub(1)).addi(written.muli(weight));
            }
        }

        /** In a swap nothing is lost, so a step that is left out can be undone. */
        private void swap() {
            INDArray before = weight.dup();
            weight.assign(average);
            average.assign(before);
        }

        @Override
        public void abandon() {
            if (switched) {
                switched = false;
                swap();
            }
            left.assign(weight);
        }

        @Override
        public void moving() {
            if (switched) {
                switched = false;
                average.assign(weight);
            }
        }

        @Override
        public void moved() {
            double mu = memory.at(step.get());
            // mu average + (1 - mu) W, which is W itself where both are equal.
            average.subi(weight).muli(mu).addi(weight);
            epoch.set(begun);
            long taken = step.increment();
            if (interval > 0 && taken % interval == 0) {
                weight.assign(average);
            }
            left.assign(weight);
        }

        @Override
        public void weightConstrained() {
            left.assign(weight);
        }
    }
}
