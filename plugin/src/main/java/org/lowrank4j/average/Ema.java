package org.lowrank4j.average;

import java.util.List;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The exponential moving average of what trains, with the scaling rule for the size of minibatches (arXiv 2307.13813).
 *
 * <pre>
 * after each step:     EMA = rho EMA + (1 - rho) theta,     rho = 0.5^(examples / halflife)
 * </pre>
 *
 * <p>The half-life is in examples, so that another size of minibatch, or a smaller last one, leaves the average over the data
 * as it was: rho to the power kappa for kappa times the examples is the rule. EMA starts at the weights before the first step.
 * With {@code warmup=yes} rho is at most t / (t + 9) in step t, so that the average of a short run is not held back by what it
 * started from; {@code no} is the formula as it stands.
 */
public final class Ema implements WeightAverage {

    private static final String HALFLIFE = "halflife";
    private static final String WARMUP = "warmup";

    @Override
    public String name() {
        return "ema";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(HALFLIFE, "10000", "the examples after which a weight counts half, above 0"),
                new MethodOption(WARMUP, "yes", "whether the average follows faster at first: yes or no"));
    }

    @Override
    public Mean mean(OptionValues options) {
        double halflife = options.positiveDouble(HALFLIFE);
        boolean warmup = options.yes(WARMUP);
        return new Running() {
            @Override
            double rho(int copy, long step, int examples) {
                double rho = Math.pow(0.5, examples / halflife);
                return warmup ? Math.min(rho, step / (step + 9.0)) : rho;
            }
        };
    }

    /** Means that are brought up to date in each step, of which the first is the average. */
    abstract static class Running implements Mean {

        /** How much of a mean stays in a step. */
        abstract double rho(int copy, long step, int examples);

        @Override
        public int copies() {
            return 1;
        }

        @Override
        public final void follow(INDArray trained, INDArray[] copies, long step, int examples) {
            for (int i = 0; i < copies.length; i++) {
                // rho mean + (1 - rho) theta, which is theta itself where both are equal.
                copies[i].subi(trained).muli(rho(i, step, examples)).addi(trained);
            }
        }

        @Override
        public final void write(INDArray[] copies, long step, INDArray to) {
            to.assign(copies[0]);
        }
    }
}
