package org.lowrank4j.average;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;

/**
 * Switch EMA (arXiv 2402.09240, algorithm 1): an exponential moving average of what trains, from which training goes on from
 * time to time; the updater keeps its state.
 *
 * <pre>
 * after each step:     EMA = mu EMA + (1 - mu) theta        EMA = theta at the start
 * at each switch:      theta = EMA
 * </pre>
 *
 * <p>{@code switch=epoch}, as published, switches before the first step of every epoch but the first, as the network counts
 * epochs. {@code switch=N} switches at the end of every N-th step; use it where the program trains without an iterator.
 *
 * <p>{@code warmup} lets the average follow faster at first, as the released classification hook does. With t the number of
 * steps taken before this one, T = {@code warmup-steps} and q = {@code warmup-ratio}, the steps t = 0 to T use in mu's place
 *
 * <pre>
 * constant:  q mu
 * linear:    (1 - (1 - t / T) (1 - q)) mu
 * exp:       q^(1 - t / T) mu
 * </pre>
 *
 * <p>The average must have followed theta before it replaces it: 1 / (1 - mu) is to be much less than the number of steps
 * between two switches, or training stands still. mu = 0 is ordinary training.
 */
public final class SwitchEma implements WeightAverage {

    private static final String SWITCH = "switch";
    private static final String WARMUP = "warmup";
    private static final String WARMUP_STEPS = "warmup-steps";
    private static final String WARMUP_RATIO = "warmup-ratio";

    @Override
    public String name() {
        return "switch-ema";
    }

    /** {@inheritDoc} Here gradients: all replicas switch in the same step. */
    @Override
    public Set<Replication> replicates() {
        return EnumSet.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("mu", "0.9999", "how much of the average stays in each step, less than 1"),
                new MethodOption(WARMUP, "none", "how mu starts: none, constant, linear or exp"),
                new MethodOption(WARMUP_STEPS, "0", "the steps that mu takes to start; above 0 with warmup"),
                new MethodOption(WARMUP_RATIO, "0.9", "the factor of mu at the start, above 0 and at most 1"),
                new MethodOption(
                        SWITCH, "epoch", "when training goes on from the average: epoch, or a number of steps"));
    }

    @Override
    public Mean mean(OptionValues options) {
        Memory memory = memory(options.belowOne("mu"), options);
        int interval = options.text(SWITCH).equals("epoch") ? 0 : options.positiveInt(SWITCH);
        return new Ema.Running() {
            @Override
            double rho(int copy, long step, int examples) {
                return memory.at(step - 1);
            }

            @Override
            public boolean replacesAtEpochs() {
                return interval == 0;
            }

            @Override
            public boolean replacesAfter(long step) {
                return interval > 0 && step % interval == 0;
            }
        };
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
    private record Memory(double mu, Warmup warmup, int steps, double ratio) {

        private enum Warmup {
            NONE,
            CONSTANT,
            LINEAR,
            EXP
        }

        /** What takes mu's place, where so many steps were taken before. */
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
}
